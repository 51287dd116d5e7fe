// The current block as literals and matches, and the frequency of each symbol in it.
import { distanceSymbol, lengthSymbol } from './alphabets';
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_FREQUENCIES,
  DISTANCE_SYMBOLS,
  FIRST_LENGTH_SYMBOL,
  LENGTH_EXTRA,
  LENGTH_SYMBOLS,
  LITLEN_FREQUENCIES,
  LITLEN_SYMBOLS,
  MAX_DISTANCE_LENGTHS,
  MIN_LENGTH,
  TOKENS,
  TOKENS_CAPACITY,
  clear,
  get,
  read,
  write,
} from './areas';

// A token is one literal or match. Bits 0 to 9: the index of its word (`words.ts`). Bits 10 to 14: the symbol of the distance. The bits
// above: the extra bits of the distance. A literal has a distance symbol that takes no bits.
const SYMBOL_SHIFT: u32 = 10;
const EXTRA_SHIFT: u32 = 15;
/** The words of match lengths follow those of the symbols, the shortest length first. */
export const LENGTH_WORDS: u32 = LITLEN_SYMBOLS;
/** The distance symbol of a literal. */
export const NO_DISTANCE: u32 = 31;
const LITERAL: u32 = NO_DISTANCE << SYMBOL_SHIFT;

const TOKENS_END: usize = TOKENS + (<usize>TOKENS_CAPACITY << 2);

export let tokensEnd: usize = TOKENS;

export function startTokens(): void {
  clear(LITLEN_FREQUENCIES, LITLEN_SYMBOLS << 2);
  clear(DISTANCE_FREQUENCIES, DISTANCE_SYMBOLS << 2);
  tokensEnd = TOKENS;
}

export function endTokens(at: usize): void {
  tokensEnd = at;
}

/** Adds a literal at an address, and returns the next address. */
// @ts-ignore: decorator
@inline
export function addLiteral(at: usize, byte: u32): usize {
  write<u32>(at, TOKENS, TOKENS_END, LITERAL | byte);
  const slot = LITLEN_FREQUENCIES + ((<usize>byte) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  return at + 4;
}

/** Adds a match at an address, and returns the next address. */
// @ts-ignore: decorator
@inline
export function addMatch(at: usize, length: u32, distance: u32): usize {
  const slot = LITLEN_FREQUENCIES + ((<usize>(FIRST_LENGTH_SYMBOL + lengthSymbol(length))) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  const symbol = distanceSymbol(distance);
  const other = DISTANCE_FREQUENCIES + ((<usize>symbol) << 2);
  store<u32>(other, load<u32>(other) + 1);
  const extra = distance - get<u16>(DISTANCE_BASE, 32, symbol);
  const token = (LENGTH_WORDS + length - MIN_LENGTH) | (symbol << SYMBOL_SHIFT) | (extra << EXTRA_SHIFT);
  write<u32>(at, TOKENS, TOKENS_END, token);
  return at + 4;
}

// @ts-ignore: decorator
@inline
export function tokenAt(at: usize): u32 {
  return read<u32>(at, TOKENS, TOKENS_END);
}

// @ts-ignore: decorator
@inline
export function wordOf(token: u32): u32 {
  return token & ((1 << SYMBOL_SHIFT) - 1);
}

// @ts-ignore: decorator
@inline
export function distanceOf(token: u32): u32 {
  return (token >> SYMBOL_SHIFT) & 31;
}

// @ts-ignore: decorator
@inline
export function distanceExtraOf(token: u32): u64 {
  return token >> EXTRA_SHIFT;
}

/** Counts the matches of fewer than eight bytes, which are those with the first five symbols. */
export function countShortMatches(): u32 {
  return countLengths(0, 5);
}

export function countMatches(): u32 {
  return countLengths(0, LENGTH_SYMBOLS);
}

function countLengths(from: u32, to: u32): u32 {
  let count: u32 = 0;
  for (let symbol = from; symbol < to; symbol++) {
    count += get<u32>(LITLEN_FREQUENCIES, LITLEN_SYMBOLS, FIRST_LENGTH_SYMBOL + symbol);
  }
  return count;
}

/** Counts the extra bits of all matches. */
export function countExtraBits(): u32 {
  let bits: u32 = 0;
  for (let symbol: u32 = 0; symbol < LENGTH_SYMBOLS; symbol++) {
    bits +=
      get<u32>(LITLEN_FREQUENCIES, LITLEN_SYMBOLS, FIRST_LENGTH_SYMBOL + symbol) *
      get<u8>(LENGTH_EXTRA, 32, symbol);
  }
  for (let symbol: u32 = 0; symbol < MAX_DISTANCE_LENGTHS; symbol++) {
    bits += get<u32>(DISTANCE_FREQUENCIES, 32, symbol) * get<u8>(DISTANCE_EXTRA, 32, symbol);
  }
  return bits;
}

/** Counts the bits of the block in the fixed code (§3.2.6), without extra bits. */
export function countFixedBits(): u32 {
  return (
    8 * sum(LITLEN_FREQUENCIES, 0, LITLEN_SYMBOLS) +
    sum(LITLEN_FREQUENCIES, 144, 256) -
    sum(LITLEN_FREQUENCIES, 256, 280) +
    5 * sum(DISTANCE_FREQUENCIES, 0, DISTANCE_SYMBOLS)
  );
}

/** Adds frequencies, four at a time. */
function sum(frequencies: usize, from: usize, to: usize): u32 {
  let sums = i32x4.splat(0);
  const end = frequencies + (to << 2);
  for (let at = frequencies + (from << 2); at < end; at += 16) sums = i32x4.add(sums, v128.load(at));
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}
