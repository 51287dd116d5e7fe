// What a process under attack tells of itself: memory, and work, in measures that a busy machine does not change much.
import process from 'node:process';

/** Memory in bytes. */
export interface Memory {
  /** What is still held when everything that nobody needs has been collected, on the heap and outside. */
  readonly held: number;
  /** The most that the process ever had, as the system saw it. */
  readonly peak: number;
}

export function memory(): Memory {
  // What finalizers let go of is only collected the second time.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { held: heapUsed + external, peak: process.resourceUsage().maxRSS * 1024 };
}

/** The time that the processor has worked for the process, in microseconds. */
export function work(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
