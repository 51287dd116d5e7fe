// The size of a window's ring. A short stream has a small ring, which grows with the stream.

/** The base-2 logarithm of the initial ring size, unless the window is smaller. */
const FEWEST_BITS = 10;

/** Returns the base-2 logarithm of the ring size for `length` bytes of history, in a window of `windowBits`. */
export function ringBitsFor(length: number, windowBits: number): number {
  const needed = length <= 1 ? 0 : 32 - Math.clz32(length - 1);
  return Math.min(windowBits, Math.max(FEWEST_BITS, needed));
}
