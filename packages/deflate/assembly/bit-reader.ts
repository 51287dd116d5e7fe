// Reads the input of a call bit by bit (RFC 1951 §3.1.1), outside of the inner loop.
import { CARRY, INPUT_END, read } from './areas';

export let position: usize = 0;
export let limit: usize = 0;
/** Bits that are loaded but not consumed, the next one lowest. */
export let bits: u64 = 0;
export let bitCount: u32 = 0;

export function startReading(from: usize, to: usize, skip: u32): void {
  position = from;
  limit = to;
  bits = 0;
  bitCount = 0;
  if (skip > 0 && need(skip)) drop(skip);
}

/** Continues where the inner loop stopped. */
export function continueReading(at: usize, loaded: u64, count: u32): void {
  position = at;
  bits = loaded;
  bitCount = count;
}

/** Loads until `count` bits (at most 56) are available. Returns false if the input ends first. */
export function need(count: u32): bool {
  if (bitCount >= count) return true;
  if (position + 8 <= limit) {
    // The bits above `bitCount` are also bits of the stream. They are loaded again later.
    bits |= read<u64>(position, CARRY, INPUT_END) << bitCount;
    position += (63 - bitCount) >> 3;
    bitCount |= 56;
    return true;
  }
  bits &= ((<u64>1) << bitCount) - 1;
  while (bitCount < count) {
    if (position >= limit) return false;
    bits |= (<u64>read<u8>(position++, CARRY, INPUT_END)) << bitCount;
    bitCount += 8;
  }
  return true;
}

export function peek(count: u32): u32 {
  return (<u32>bits) & ((1 << count) - 1);
}

export function drop(count: u32): void {
  bits >>= count;
  bitCount -= count;
}

export function take(count: u32): u32 {
  const value = peek(count);
  drop(count);
  return value;
}

/** Returns loaded bytes to the input, except a partly read byte. */
export function unload(): void {
  position -= bitCount >> 3;
  bitCount &= 7;
  bits &= ((<u64>1) << bitCount) - 1;
}

/** Skips the rest of a partly read byte. */
export function align(): void {
  drop(bitCount & 7);
}
