// Time limits that a test lets expire one at a time. The packages take Node's timers when they load, so a test file must import
// this file first.
import timers from 'node:timers';

/** What happens when a time limit expires, by its length in ms. Each time limit of a test must have a different length. */
const running = new Map<number, () => void>();

Object.assign(timers, {
  setTimeout<T>(run: (target: T) => void, milliseconds: number, target: T): number {
    if (running.has(milliseconds)) throw new Error(`There are two time limits of ${milliseconds} ms`);
    running.set(milliseconds, () => run(target));
    return milliseconds;
  },
  clearTimeout: (milliseconds: number) => running.delete(milliseconds),
});

export function isRunning(milliseconds: number): boolean {
  return running.has(milliseconds);
}

export function expire(milliseconds: number): void {
  const run = running.get(milliseconds);
  running.delete(milliseconds);
  run?.();
}
