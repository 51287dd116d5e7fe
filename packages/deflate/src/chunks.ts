// Joins output that was produced in several steps.
import type { Allocate } from './engine.ts';

/** Copies all chunks into one buffer. */
export function joined(chunks: readonly Uint8Array[], allocate: Allocate | undefined): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const whole = allocate === undefined ? new Uint8Array(length) : allocate(length).subarray(0, length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
