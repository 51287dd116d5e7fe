// What a process under attack tells of itself: memory, and work, in measures that a busy machine does not change much.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

/** Memory in bytes. */
export interface Memory {
  /** What is still held when everything that nobody needs has been collected, on the heap and outside. */
  readonly held: number;
  /** The most that the process had since {@link forgetPeak}, as the system saw it; where it cannot forget, the most ever. */
  readonly peak: number;
}

export function memory(): Memory {
  // What finalizers let go of is only collected the second time.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { held: heapUsed + external, peak: peak() };
}

/** Begins the peak anew, at what the process has now: one that came before would hide those that come. Linux alone can do that. */
export function forgetPeak(): void {
  globalThis.gc?.();
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return Number(kibibytes) * 1024;
}

/** The time that the processor has worked for the process, in microseconds. */
export function work(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** How many bytes are copied into arrays while something runs at once: a count that nothing else on the machine changes. */
export function copied(run: () => void): number {
  const arrays = Uint8Array.prototype;
  const inherited = Reflect.getPrototypeOf(arrays) as Uint8Array;
  let bytes = 0;
  arrays.set = function (source, offset) {
    bytes += source.length;
    inherited.set.call(this, source, offset);
  };
  try {
    run();
  } finally {
    Reflect.deleteProperty(arrays, 'set');
  }
  return bytes;
}
