// Tables that decode a Huffman code by looking up the next bits (RFC 1951 §3.2.2): a main table, and subtables for longer codes.
//
// An entry:
//   bits 0-5    how many bits to consume, including extra bits; for a subtable, how many the main table consumes
//   bits 8-11   the length of the code without extra bits; for a subtable, how many bits index it
//   bits 12-15  flags
//   bits 16-30  the literal, the base of the length or distance, or the start of the subtable
//   bit 31      set for a literal
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_TEMPLATE,
  END_OF_BLOCK,
  FIRST_LENGTH_SYMBOL,
  LENGTH_BASE,
  LENGTH_COUNTS,
  LENGTH_EXTRA,
  LENGTH_OFFSETS,
  LITLEN_SYMBOLS,
  LITLEN_TEMPLATE,
  MAX_DISTANCE_LENGTHS,
  MAX_LITLEN_LENGTHS,
  PRECODE_SYMBOLS,
  PRECODE_TEMPLATE,
  SORTED_SYMBOLS,
  copyFew,
  get,
  put,
  within,
} from './areas';
import { countLengths, nextCode } from './huffman-code';

export const LITERAL: u32 = 0x80000000;
/** Any of the flags below. */
export const EXCEPTIONAL: u32 = 0x8000;
export const SUBTABLE: u32 = 0x4000;
export const BLOCK_END: u32 = 0x2000;
/** Neither SUBTABLE nor BLOCK_END: a bit pattern that is not a code. */
const INVALID: u32 = EXCEPTIONAL;

/** There are more codes than bit patterns. */
export const OVERSUBSCRIBED: i32 = -1;
/** Some bit patterns are not codes. */
export const INCOMPLETE: i32 = -2;

const MAX_CODE_LENGTH: u32 = 15;

export function fillTemplates(): void {
  for (let symbol: u32 = 0; symbol < LITLEN_SYMBOLS; symbol++) {
    put<u32>(LITLEN_TEMPLATE, LITLEN_SYMBOLS, symbol, litlenTemplate(symbol));
  }
  for (let symbol: u32 = 0; symbol < 32; symbol++) {
    const entry =
      symbol < MAX_DISTANCE_LENGTHS
        ? ((<u32>get<u16>(DISTANCE_BASE, 32, symbol)) << 16) | get<u8>(DISTANCE_EXTRA, 32, symbol)
        : INVALID;
    put<u32>(DISTANCE_TEMPLATE, 32, symbol, entry);
  }
  for (let symbol: u32 = 0; symbol < PRECODE_SYMBOLS; symbol++) {
    put<u32>(PRECODE_TEMPLATE, 32, symbol, symbol << 16);
  }
}

function litlenTemplate(symbol: u32): u32 {
  if (symbol < END_OF_BLOCK) return LITERAL | (symbol << 16);
  if (symbol == END_OF_BLOCK) return EXCEPTIONAL | BLOCK_END;
  if (symbol >= MAX_LITLEN_LENGTHS) return INVALID;
  const index = symbol - FIRST_LENGTH_SYMBOL;
  return ((<u32>get<u16>(LENGTH_BASE, 32, index)) << 16) | get<u8>(LENGTH_EXTRA, 32, index);
}

/** The longest code length of the table that was built last. */
let maxLength: u32 = 0;

/**
 * Builds the decoding table of a code.
 *
 * @param lengths the code lengths, one byte each
 * @param mayBeIncomplete whether a code of one symbol with one bit is valid. A code of no symbols is always valid: if this is false,
 * each bit decodes as the symbol 0, as in zlib
 * @returns how many bits index the main table, {@link OVERSUBSCRIBED} or {@link INCOMPLETE}
 */
export function buildTable(
  lengths: usize,
  count: u32,
  mainBits: u32,
  table: usize,
  size: usize,
  template: usize,
  mayBeIncomplete: bool,
): i32 {
  const judged = judgeLengths(lengths, count, mayBeIncomplete);
  if (judged < 0) return judged;
  // No code at all, or one of a single bit. As in zlib, a bit pattern that is not a code takes one bit.
  if (judged > 0) {
    const none: u32 = mayBeIncomplete ? INVALID | 1 : 1;
    put<u32>(table, size, 0, none);
    put<u32>(table, size, 1, none);
    if (maxLength == 0) return 1;
  }
  sortSymbols(lengths, count);
  return fillTable(min(maxLength, mainBits), table, size, template);
}

/** @returns 0 for a complete code, 1 for an incomplete code that is allowed, or a negative number */
function judgeLengths(lengths: usize, count: u32, mayBeIncomplete: bool): i32 {
  countLengths(lengths, count, LENGTH_COUNTS);
  maxLength = MAX_CODE_LENGTH;
  while (maxLength > 0 && get<u32>(LENGTH_COUNTS, 16, maxLength) == 0) maxLength--;
  if (maxLength == 0) return 1;
  let left: i32 = 1;
  for (let length: u32 = 1; length <= MAX_CODE_LENGTH; length++) {
    left = (left << 1) - <i32>get<u32>(LENGTH_COUNTS, 16, length);
    if (left < 0) return OVERSUBSCRIBED;
  }
  if (left == 0) return 0;
  return mayBeIncomplete && maxLength == 1 ? 1 : INCOMPLETE;
}

/** Sorts symbols by code length, then by value. */
function sortSymbols(lengths: usize, count: u32): void {
  let offset: u32 = 0;
  put<u32>(LENGTH_OFFSETS, 17, 0, 0);
  for (let length: u32 = 1; length <= MAX_CODE_LENGTH; length++) {
    put<u32>(LENGTH_OFFSETS, 17, length, offset);
    offset += get<u32>(LENGTH_COUNTS, 16, length);
  }
  for (let first: u32 = 0; first < count; first += 8) {
    if (load<u64>(lengths + first) == 0) continue;
    const end = min(first + 8, count);
    for (let symbol = first; symbol < end; symbol++) {
      const length: u32 = load<u8>(lengths + symbol);
      if (length == 0) continue;
      const slot = LENGTH_OFFSETS + (length << 2);
      const at = load<u32>(slot);
      store<u32>(slot, at + 1);
      put<u16>(SORTED_SYMBOLS, LITLEN_SYMBOLS, at, <u16>symbol);
    }
  }
}

/** Returns the entry of a symbol with a code of `bits` bits. */
function entryOf(template: usize, sorted: u32, bits: u32): u32 {
  const entry = load<u32>(template + ((<usize>get<u16>(SORTED_SYMBOLS, LITLEN_SYMBOLS, sorted)) << 2));
  return entry + bits + (bits << 8);
}

function fillTable(mainBits: u32, table: usize, size: usize, template: usize): i32 {
  let sorted: u32 = 0;
  let code: u32 = 0;
  // Codes of the main table. Each further bit doubles the filled part.
  for (let length: u32 = 1; length <= mainBits; length++) {
    for (let left = get<u32>(LENGTH_COUNTS, 16, length); left > 0; left--) {
      put<u32>(table, size, code, entryOf(template, sorted++, length));
      if (code == ((<u32>1) << length) - 1) return <i32>mainBits;
      code = nextCode(code, length);
    }
    if (length < mainBits) {
      const half: usize = (<usize>4) << length;
      within(table + half, half, table, table + size * 4);
      if (half < 16) store<u64>(table + half, load<u64>(table));
      else copyFew(table + half, table, half);
    }
  }
  if (maxLength <= mainBits) return <i32>mainBits; // The code of a single bit.
  fillSubtables(mainBits, sorted, code, table, size, template);
  return <i32>mainBits;
}

function fillSubtables(
  mainBits: u32,
  from: u32,
  first: u32,
  table: usize,
  size: usize,
  template: usize,
): void {
  const mainMask: u32 = (1 << mainBits) - 1;
  let sorted = from;
  let code = first;
  let prefix: u32 = 0xffffffff;
  let start: u32 = 0;
  let end: u32 = 1 << mainBits;
  for (let length = mainBits + 1; length <= maxLength; length++) {
    for (let left = get<u32>(LENGTH_COUNTS, 16, length); left > 0; left--) {
      if ((code & mainMask) != prefix) {
        prefix = code & mainMask;
        // As many bits as the codes with this prefix need.
        let bits = length - mainBits;
        let space = left;
        while (space < (<u32>1) << bits && mainBits + bits < maxLength) {
          bits++;
          space = (space << 1) + get<u32>(LENGTH_COUNTS, 16, mainBits + bits);
        }
        start = end;
        end += 1 << bits;
        put<u32>(table, size, prefix, EXCEPTIONAL | SUBTABLE | (start << 16) | (bits << 8) | mainBits);
      }
      const entry = entryOf(template, sorted++, length - mainBits);
      const step: u32 = 1 << (length - mainBits);
      for (let at = start + (code >> mainBits); at < end; at += step) put<u32>(table, size, at, entry);
      if (code == ((<u32>1) << length) - 1) return;
      code = nextCode(code, length);
    }
  }
}
