// The block under way as literals and matches, and how often each symbol occurs in it.
import { distanceSymbol, lengthSymbol } from './alphabets';
import {
  DISTANCE_EXTRA,
  DISTANCE_FREQUENCIES,
  FIRST_LENGTH_SYMBOL,
  LENGTH_EXTRA,
  LITLEN_FREQUENCIES,
  LITLEN_SYMBOLS,
  MIN_LENGTH,
  TOKENS,
  TOKENS_CAPACITY,
  get,
  put,
} from './areas';

/** A match: this bit, the length - 3 in bits 16 to 23, and the distance - 1 below. A literal is its byte alone. */
export const MATCH: u32 = 0x80000000;

export let tokenCount: u32 = 0;
/** How many extra bits its matches have. */
export let extraBits: u32 = 0;
/** How many bits all of it takes with the fixed code (§3.2.6), without the end of the block. */
export let fixedBits: u32 = 0;

/** Literals from this one on have nine bits with the fixed code, the others eight. */
const FIRST_NINE_BITS: u32 = 144;
/** From this length symbol on, counted from 257, the fixed code has eight bits, before it seven. */
const FIRST_EIGHT_BITS: u32 = 23;
const FIXED_DISTANCE_BITS: u32 = 5;

export function startTokens(): void {
  tokenCount = 0;
  extraBits = 0;
  fixedBits = 0;
  memory.fill(LITLEN_FREQUENCIES, 0, LITLEN_SYMBOLS << 2);
  memory.fill(DISTANCE_FREQUENCIES, 0, 128);
}

export function addLiteral(byte: u32): void {
  put<u32>(TOKENS, TOKENS_CAPACITY, tokenCount++, byte);
  fixedBits += byte < FIRST_NINE_BITS ? 8 : 9;
  const slot = LITLEN_FREQUENCIES + ((<usize>byte) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

export function addMatch(length: u32, distance: u32): void {
  put<u32>(TOKENS, TOKENS_CAPACITY, tokenCount++, MATCH | ((length - MIN_LENGTH) << 16) | (distance - 1));
  const symbol = lengthSymbol(length);
  const second = distanceSymbol(distance);
  const extra = <u32>get<u8>(LENGTH_EXTRA, 32, symbol) + <u32>get<u8>(DISTANCE_EXTRA, 32, second);
  extraBits += extra;
  fixedBits += extra + FIXED_DISTANCE_BITS + (symbol < FIRST_EIGHT_BITS ? 7 : 8);
  const slot = LITLEN_FREQUENCIES + ((<usize>(FIRST_LENGTH_SYMBOL + symbol)) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  const other = DISTANCE_FREQUENCIES + ((<usize>second) << 2);
  store<u32>(other, load<u32>(other) + 1);
}
