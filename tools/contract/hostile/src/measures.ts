// Measures a process under attack: its memory and its CPU time, which a busy machine hardly affects.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

/** Memory in bytes. */
export interface Memory {
  /** Memory that is still held after garbage collection, inside and outside of the heap. */
  readonly held: number;
  /** The peak of the process since {@link forgetPeak}. On systems other than Linux, the peak since its start. */
  readonly peak: number;
}

export function memory(): Memory {
  // Objects that finalizers release are collected only in the second run.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { held: heapUsed + external, peak: peak() };
}

/** Resets the peak, because an earlier peak would hide later ones. Only Linux can do that. */
export function forgetPeak(): void {
  globalThis.gc?.();
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return Number(kibibytes) * 1024;
}

/** The CPU time of the process, in microseconds. */
export function work(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Counts the bytes that are copied into arrays during a synchronous call. Other load on the machine does not affect it. */
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
