// Measures the longest time for which the event loop is blocked. All connections wait for that time.
import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** The file with the CPU time of the main thread, in nanoseconds. Unlike a clock, it does not count other programs. */
const cpuTime = process.platform === 'linux' ? openSync('/proc/self/schedstat', 'r') : undefined;
const text = Buffer.alloc(64);

/** In milliseconds. */
function now(): number {
  // Other systems lack this file, so use a clock.
  if (cpuTime === undefined) return performance.now();
  return parseInt(text.toString('latin1', 0, readSync(cpuTime, text, 0, text.length, 0)), 10) / 1e6;
}

let last = now();
let longest = 0;

/** Starts the measurement. */
export function forgetStall(): void {
  last = now();
  longest = 0;
}

/** The longest time for which the loop was blocked since {@link forgetStall}, in milliseconds. */
export function stall(): number {
  tick();
  return longest;
}

function tick(): void {
  const at = now();
  longest = Math.max(longest, at - last);
  last = at;
}

/** Measures every millisecond, or as soon as the loop is free again, until the process ends. */
export function watchStalls(): void {
  setInterval(tick, 1).unref();
}
