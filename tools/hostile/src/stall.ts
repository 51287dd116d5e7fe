// How long the event loop is held at a stretch: every other connection waits for that time.
import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** The processor time of the main thread, in nanoseconds. Unlike a clock it does not count what other programs take of the machine. */
const mainThread = process.platform === 'linux' ? openSync('/proc/self/schedstat', 'r') : undefined;
const text = Buffer.alloc(64);

/** In milliseconds. */
function now(): number {
  // Other systems have no such file: there it is a clock.
  if (mainThread === undefined) return performance.now();
  return parseInt(text.toString('latin1', 0, readSync(mainThread, text, 0, text.length, 0)), 10) / 1e6;
}

let last = now();
let longest = 0;

/** Starts to measure. */
export function forgetStall(): void {
  last = now();
  longest = 0;
}

/** The longest time that the loop has been held since {@link forgetStall}, in milliseconds. */
export function stall(): number {
  tick();
  return longest;
}

function tick(): void {
  const at = now();
  longest = Math.max(longest, at - last);
  last = at;
}

/** Looks once in each turn of the loop, until the process ends. */
export function watchStalls(): void {
  setInterval(tick, 1).unref();
}
