// How large the ring of a window is: as long as a stream is short, it needs no more than it has.

/** The base-2 logarithm of the smallest ring that a stream begins with, unless its window is smaller. */
const FEWEST_BITS = 10;

/** The base-2 logarithm of the ring for so many bytes of history, in a window of `windowBits`. */
export function ringBitsFor(length: number, windowBits: number): number {
  const needed = length <= 1 ? 0 : 32 - Math.clz32(length - 1);
  return Math.min(windowBits, Math.max(FEWEST_BITS, needed));
}
