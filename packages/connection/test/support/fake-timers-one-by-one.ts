// Time limits that a test lets expire one at a time. The packages keep Node's timers as they are when they load, so a test file imports
// this before them.
import timers from 'node:timers';

/** What happens when a time limit expires, by its length in ms. So each time limit of a test has a length of its own. */
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
