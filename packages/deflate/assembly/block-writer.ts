// Blocks (RFC 1951 §3.2.3): stored, with the fixed code or with a code of their own, whichever is shortest.
import { distanceSymbol, lengthSymbol } from './alphabets';
import {
  DISTANCE_BASE,
  DISTANCE_CODES,
  DISTANCE_EXTRA,
  DISTANCE_FREQUENCIES,
  DISTANCE_LENGTHS,
  END_OF_BLOCK,
  FIRST_LENGTH_SYMBOL,
  FIXED_DISTANCE_CODES,
  FIXED_DISTANCE_LENGTHS,
  FIXED_LITLEN_CODES,
  FIXED_LITLEN_LENGTHS,
  INPUT,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LITLEN_CODES,
  LITLEN_FREQUENCIES,
  LITLEN_LENGTHS,
  LITLEN_SYMBOLS,
  MAX_DISTANCE_LENGTHS,
  MAX_LITLEN_LENGTHS,
  MIN_LENGTH,
  OUTPUT,
  OUTPUT_END,
  TOKENS,
  TOKENS_CAPACITY,
  get,
  put,
  write,
} from './areas';
import { align, bitCount, bits, continueWriting, out, putBits, writeBytes, writeCopy } from './bit-writer';
import { headerCost, planHeader, writeHeader } from './dynamic-header';
import { assignCodes, codeLengths } from './huffman-code';
import { MATCH, extraBits, fixedBits, tokenCount } from './tokens';

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
/** "the stored block's length is limited to 65,535 bytes" (§3.2.4) */
const MAX_STORED: u32 = 65535;
const MAX_CODE_LENGTH: u32 = 15;
/** The fixed code has seven bits for the end of a block. */
const FIXED_END_BITS: u32 = 7;

export function assignFixedCodes(): void {
  assignCodes(FIXED_LITLEN_LENGTHS, LITLEN_SYMBOLS, FIXED_LITLEN_CODES);
  assignCodes(FIXED_DISTANCE_LENGTHS, MAX_DISTANCE_LENGTHS, FIXED_DISTANCE_CODES);
}

/**
 * Writes the tokens, which stand for the first `length` bytes of the input.
 *
 * @param worthACode up to how many bits with the fixed code no other is tried: it would have to gain what its header costs
 */
export function writeBlock(length: u32, isLast: bool, worthACode: u32): void {
  put<u32>(LITLEN_FREQUENCIES, LITLEN_SYMBOLS, END_OF_BLOCK, 1);
  const fixed = fixedBits + FIXED_END_BITS;
  let dynamic = fixed;
  if (fixed > worthACode) {
    dynamic =
      extraBits +
      codeLengths(LITLEN_FREQUENCIES, MAX_LITLEN_LENGTHS, MAX_CODE_LENGTH, LITLEN_LENGTHS) +
      codeLengths(DISTANCE_FREQUENCIES, MAX_DISTANCE_LENGTHS, MAX_CODE_LENGTH, DISTANCE_LENGTHS);
    if (dynamic < fixed) {
      planHeader();
      dynamic += headerCost;
    }
  }
  const stored = (length + 5 * (length / MAX_STORED + 1)) << 3;
  if (stored <= min(fixed, dynamic)) {
    writeStored(length, isLast);
  } else if (dynamic < fixed) {
    putBits((isLast ? 1 : 0) | (DYNAMIC << 1), 3);
    assignCodes(LITLEN_LENGTHS, MAX_LITLEN_LENGTHS, LITLEN_CODES);
    assignCodes(DISTANCE_LENGTHS, MAX_DISTANCE_LENGTHS, DISTANCE_CODES);
    writeHeader();
    writeTokens(LITLEN_CODES, DISTANCE_CODES);
  } else {
    putBits((isLast ? 1 : 0) | (FIXED << 1), 3);
    writeTokens(FIXED_LITLEN_CODES, FIXED_DISTANCE_CODES);
  }
}

/** A block without contents: stored, as a flush ends with it, or the shortest there is, to end the stream. */
export function writeEmptyBlock(isLast: bool): void {
  if (isLast) {
    putBits(1 | (FIXED << 1), 3 + 7);
    return;
  }
  writeStored(0, false);
}

/** §3.2.4 */
export function writeStored(length: u32, isLast: bool): void {
  let from: u32 = 0;
  do {
    const size = min(length - from, MAX_STORED);
    putBits((isLast && from + size == length ? 1 : 0) | (STORED << 1), 3);
    align();
    putBits(size | ((size ^ 0xffff) << 16), 32);
    writeCopy(INPUT + from, size);
    from += size;
  } while (from < length);
}

function writeTokens(litlenCodes: usize, distanceCodes: usize): void {
  let o = out;
  let b = bits;
  let n = bitCount;
  const count = tokenCount;
  for (let index: u32 = 0; index < count; index++) {
    const token = get<u32>(TOKENS, TOKENS_CAPACITY, index);
    if (token & MATCH) {
      const length = (token >> 16) & 0xff;
      const distance = token & 0xffff;
      const symbol = lengthSymbol(length + MIN_LENGTH);
      let code = get<u32>(litlenCodes, LITLEN_SYMBOLS, FIRST_LENGTH_SYMBOL + symbol);
      b |= (<u64>(code & 0xffff)) << n;
      n += code >> 16;
      b |= (<u64>(length + MIN_LENGTH - <u32>get<u16>(LENGTH_BASE, 32, symbol))) << n;
      n += get<u8>(LENGTH_EXTRA, 32, symbol);
      // Up to 31 bits were left, and 20 were added: the distance may need another 28.
      if (n >= 32) {
        write<u32>(o, OUTPUT, OUTPUT_END, <u32>b);
        o += 4;
        b >>= 32;
        n -= 32;
      }
      const second = distanceSymbol(distance + 1);
      code = get<u32>(distanceCodes, 32, second);
      b |= (<u64>(code & 0xffff)) << n;
      n += code >> 16;
      b |= (<u64>(distance + 1 - <u32>get<u16>(DISTANCE_BASE, 32, second))) << n;
      n += get<u8>(DISTANCE_EXTRA, 32, second);
    } else {
      const code = get<u32>(litlenCodes, LITLEN_SYMBOLS, token);
      b |= (<u64>(code & 0xffff)) << n;
      n += code >> 16;
    }
    if (n >= 32) {
      write<u32>(o, OUTPUT, OUTPUT_END, <u32>b);
      o += 4;
      b >>= 32;
      n -= 32;
    }
  }
  continueWriting(o, b, n);
  const code = get<u32>(litlenCodes, LITLEN_SYMBOLS, END_OF_BLOCK);
  putBits(code & 0xffff, code >> 16);
  writeBytes();
}
