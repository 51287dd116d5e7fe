// The alphabets of lengths and distances (RFC 1951 §3.2.5), and the fixed code (§3.2.6).
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCE_SYMBOL,
  FIXED_DISTANCE_LENGTHS,
  FIXED_LITLEN_LENGTHS,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LENGTH_SYMBOL,
  LENGTH_SYMBOLS,
  MAX_DISTANCE_LENGTHS,
  MAX_LENGTH,
  MIN_LENGTH,
  PRECODE_ORDER,
  get,
  put,
} from './areas';

export function fillAlphabets(): void {
  fillLengths();
  fillDistances();
  fillOrder();
  for (let symbol: u32 = 0; symbol < 288; symbol++) {
    put<u8>(FIXED_LITLEN_LENGTHS, 288, symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  for (let symbol: u32 = 0; symbol < 32; symbol++) put<u8>(FIXED_DISTANCE_LENGTHS, 32, symbol, 5);
}

function fillLengths(): void {
  let base = MIN_LENGTH;
  for (let symbol: u32 = 0; symbol < LENGTH_SYMBOLS; symbol++) {
    // The last symbol stands for the longest match only, without extra bits.
    const isLast = symbol == LENGTH_SYMBOLS - 1;
    const extra: u32 = symbol < 4 || isLast ? 0 : (symbol - 4) >> 2;
    if (isLast) base = MAX_LENGTH;
    put<u16>(LENGTH_BASE, 32, symbol, <u16>base);
    put<u8>(LENGTH_EXTRA, 32, symbol, <u8>extra);
    for (let k: u32 = 0; k < 1 << extra; k++) {
      if (base + k <= MAX_LENGTH) put<u8>(LENGTH_SYMBOL, 256, base + k - MIN_LENGTH, <u8>symbol);
    }
    base += 1 << extra;
  }
}

function fillDistances(): void {
  let base: u32 = 1;
  for (let symbol: u32 = 0; symbol < MAX_DISTANCE_LENGTHS; symbol++) {
    const extra: u32 = symbol < 2 ? 0 : (symbol - 2) >> 1;
    put<u16>(DISTANCE_BASE, 32, symbol, <u16>base);
    put<u8>(DISTANCE_EXTRA, 32, symbol, <u8>extra);
    for (let k: u32 = 0; k < 1 << extra; k++) {
      const index = base + k - 1;
      put<u8>(DISTANCE_SYMBOL, 512, scaled(index), <u8>symbol);
    }
    base += 1 << extra;
  }
}

/** "16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15" (§3.2.7) */
function fillOrder(): void {
  for (let k: u32 = 0; k < 3; k++) put<u8>(PRECODE_ORDER, 32, k, <u8>(16 + k));
  put<u8>(PRECODE_ORDER, 32, 3, 0);
  for (let k: u32 = 0; k < 8; k++) {
    put<u8>(PRECODE_ORDER, 32, 4 + 2 * k, <u8>(8 + k));
    if (k < 7) put<u8>(PRECODE_ORDER, 32, 5 + 2 * k, <u8>(7 - k));
  }
}

/** The index of a distance's symbol, given the distance - 1. From distance 257 on, 128 distances share an entry. */
function scaled(index: u32): usize {
  return index < 256 ? <usize>index : <usize>(256 + (index >> 7));
}

/** The symbol of a length, counted from 257. */
export function lengthSymbol(length: u32): u32 {
  return get<u8>(LENGTH_SYMBOL, 256, length - MIN_LENGTH);
}

export function distanceSymbol(distance: u32): u32 {
  const index = distance - 1;
  return get<u8>(DISTANCE_SYMBOL, 512, scaled(index));
}
