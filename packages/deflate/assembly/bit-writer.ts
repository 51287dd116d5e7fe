// The output of a call, bit by bit (RFC 1951 §3.1.1).
import { OUTPUT, OUTPUT_END, write } from './areas';

/** Where the next whole bytes go. */
export let out: usize = 0;
/** Bits that have no place yet, the first lowest: fewer than 32 between two functions. */
export let bits: u64 = 0;
export let bitCount: u32 = 0;

export function startWriting(kept: u32, count: u32): void {
  out = OUTPUT;
  bits = kept;
  bitCount = count;
}

/** Takes over from the inner loop. */
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

/** Writes whole bytes; what is left are fewer than eight bits. */
export function writeBytes(): void {
  write<u32>(out, OUTPUT, OUTPUT_END, <u32>bits);
  const whole = bitCount >> 3;
  out += whole;
  bits >>= whole << 3;
  bitCount &= 7;
}

/** Fills a byte up with zeros. */
export function align(): void {
  putBits(0, (8 - (bitCount & 7)) & 7);
  writeBytes();
}

export function writeCopy(from: usize, length: u32): void {
  memory.copy(out, from, length);
  out += length;
}
