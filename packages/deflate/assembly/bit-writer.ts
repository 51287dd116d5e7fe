// Writes the output of a call bit by bit (RFC 1951 §3.1.1).
import { OUTPUT, OUTPUT_END, write } from './areas';

/** Where the next bytes are written. */
export let out: usize = 0;
/** Bits that are not written yet, the first one lowest. Fewer than 32 between calls. */
export let bits: u64 = 0;
export let bitCount: u32 = 0;

export function startWriting(kept: u32, count: u32): void {
  out = OUTPUT;
  bits = kept;
  bitCount = count;
}

/** Continues where the inner loop stopped. */
export function continueWriting(at: usize, kept: u64, count: u32): void {
  out = at;
  bits = kept;
  bitCount = count;
}

/** Writes up to 32 bits. */
export function putBits(value: u32, count: u32): void {
  bits |= (<u64>value) << bitCount;
  bitCount += count;
  if (bitCount < 32) return;
  write<u32>(out, OUTPUT, OUTPUT_END, <u32>bits);
  out += 4;
  bits >>= 32;
  bitCount -= 32;
}

/** Writes all whole bytes. Fewer than eight bits remain. */
export function writeBytes(): void {
  write<u32>(out, OUTPUT, OUTPUT_END, <u32>bits);
  const whole = bitCount >> 3;
  out += whole;
  bits >>= whole << 3;
  bitCount &= 7;
}

/** Pads the last byte with zeros. */
export function align(): void {
  putBits(0, (8 - (bitCount & 7)) & 7);
  writeBytes();
}

export function writeCopy(from: usize, length: u32): void {
  memory.copy(out, from, length);
  out += length;
}
