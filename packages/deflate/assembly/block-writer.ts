// Writes blocks (RFC 1951 §3.2.3): stored, with the fixed code or with a dynamic code, whichever is shortest.
import {
  DISTANCE_COUNTS,
  DISTANCE_FREQUENCIES,
  DISTANCE_LENGTHS,
  DISTANCE_SYMBOLS,
  DISTANCE_WORDS,
  END_OF_BLOCK,
  FIXED_DISTANCE_LENGTHS,
  FIXED_DISTANCE_WORDS,
  FIXED_LITLEN_LENGTHS,
  FIXED_LITLEN_WORDS,
  INPUT,
  LITLEN_COUNTS,
  LITLEN_FREQUENCIES,
  LITLEN_LENGTHS,
  LITLEN_SYMBOLS,
  LITLEN_WORDS,
  MAX_DISTANCE_LENGTHS,
  MAX_LITLEN_LENGTHS,
  OUTPUT,
  OUTPUT_END,
  TOKENS,
  WORDS,
  get,
  put,
  write,
} from './areas';
import { align, bitCount, bits, continueWriting, out, putBits, writeBytes, writeCopy } from './bit-writer';
import { headerCost, planHeader, writeHeader } from './dynamic-header';
import { COUNT_SHIFT, assignCodes, codeLengths, countLengths } from './huffman-code';
import {
  countExtraBits,
  countFixedBits,
  distanceExtraOf,
  distanceOf,
  tokenAt,
  tokensEnd,
  wordOf,
} from './tokens';
import { EXTRA_COUNT_SHIFT, makeDistanceWords, makeLengthWords } from './words';

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
/** "the stored block's length is limited to 65,535 bytes" (§3.2.4) */
const MAX_STORED: u32 = 65535;
const MAX_CODE_LENGTH: u32 = 15;

export function makeFixedWords(): void {
  countLengths(FIXED_LITLEN_LENGTHS, LITLEN_SYMBOLS, LITLEN_COUNTS);
  assignCodes(FIXED_LITLEN_LENGTHS, LITLEN_SYMBOLS, LITLEN_COUNTS, FIXED_LITLEN_WORDS);
  makeLengthWords(FIXED_LITLEN_WORDS);
  countLengths(FIXED_DISTANCE_LENGTHS, DISTANCE_SYMBOLS, DISTANCE_COUNTS);
  assignCodes(FIXED_DISTANCE_LENGTHS, MAX_DISTANCE_LENGTHS, DISTANCE_COUNTS, FIXED_DISTANCE_WORDS);
  makeDistanceWords(FIXED_DISTANCE_WORDS);
}

/** Makes the words of the block's dynamic code. */
function makeWords(): void {
  assignCodes(LITLEN_LENGTHS, MAX_LITLEN_LENGTHS, LITLEN_COUNTS, LITLEN_WORDS);
  makeLengthWords(LITLEN_WORDS);
  assignCodes(DISTANCE_LENGTHS, MAX_DISTANCE_LENGTHS, DISTANCE_COUNTS, DISTANCE_WORDS);
  makeDistanceWords(DISTANCE_WORDS);
}

/**
 * Writes the tokens, which stand for the first `length` bytes of the input, as a block.
 *
 * @param worthACode a block of at most this many bits in the fixed code gets no dynamic code: the header would cost more than it saves
 */
export function writeBlock(length: u32, isLast: bool, worthACode: u32): void {
  put<u32>(LITLEN_FREQUENCIES, LITLEN_SYMBOLS, END_OF_BLOCK, 1);
  const extra = countExtraBits();
  const fixed = extra + countFixedBits();
  let dynamic = fixed;
  if (fixed > worthACode) {
    dynamic =
      extra +
      codeLengths(LITLEN_FREQUENCIES, MAX_LITLEN_LENGTHS, MAX_CODE_LENGTH, LITLEN_LENGTHS, LITLEN_COUNTS) +
      codeLengths(
        DISTANCE_FREQUENCIES,
        MAX_DISTANCE_LENGTHS,
        MAX_CODE_LENGTH,
        DISTANCE_LENGTHS,
        DISTANCE_COUNTS,
      );
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
    writeHeader();
    makeWords();
    writeTokens(LITLEN_WORDS, DISTANCE_WORDS);
  } else {
    putBits((isLast ? 1 : 0) | (FIXED << 1), 3);
    writeTokens(FIXED_LITLEN_WORDS, FIXED_DISTANCE_WORDS);
  }
}

/** Writes a block without contents: a stored one for a flush, or the shortest one to end the stream. */
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

/** Writes the tokens of the block. Does not branch on the kind of token, because the processor could not predict it. */
function writeTokens(litlenWords: usize, distanceWords: usize): void {
  writeBytes();
  let o = out;
  let b = bits;
  let n: u64 = bitCount;
  const end = tokensEnd;
  for (let at = TOKENS; at < end; at += 4) {
    const token = tokenAt(at);
    const word = get<u32>(litlenWords, WORDS, wordOf(token));
    b |= (<u64>(word & 0xffffff)) << n;
    n += word >> COUNT_SHIFT;
    const distance = get<u32>(distanceWords, DISTANCE_SYMBOLS, distanceOf(token));
    b |= (<u64>(distance & 0xffff)) << n;
    n += (distance >> 16) & 0xff;
    b |= distanceExtraOf(token) << n;
    n += distance >> EXTRA_COUNT_SHIFT;
    // At most 7 bits were left, and at most 20 + 28 were added.
    write<u64>(o, OUTPUT, OUTPUT_END, b);
    o += <usize>(n >> 3);
    b >>= n & 56;
    n &= 7;
  }
  continueWriting(o, b, <u32>n);
  const code = get<u32>(litlenWords, WORDS, END_OF_BLOCK);
  putBits(code & 0xffff, code >> COUNT_SHIFT);
  writeBytes();
}
