// The bits that are written for a token, in one word. A literal or a length: bits 0 to 23 hold the code and the extra bits, the highest
// byte their number. A distance: bits 0 to 15 hold the code, the next byte its length, the highest byte the number of extra bits. Their
// values differ from match to match, so they are in the token.
import {
  DISTANCE_EXTRA,
  DISTANCE_SYMBOLS,
  FIRST_LENGTH_SYMBOL,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LENGTH_SYMBOLS,
  LITLEN_SYMBOLS,
  MAX_DISTANCE_LENGTHS,
  MIN_LENGTH,
  WORDS,
  get,
  put,
} from './areas';
import { COUNT_SHIFT } from './huffman-code';
import { LENGTH_WORDS, NO_DISTANCE } from './tokens';

export const EXTRA_COUNT_SHIFT: u32 = 24;

/** Expands the codes of length symbols, which follow the literals, into a word for each length. */
export function makeLengthWords(words: usize): void {
  for (let symbol: u32 = 0; symbol < LENGTH_SYMBOLS; symbol++) {
    const code = get<u32>(words, LITLEN_SYMBOLS, FIRST_LENGTH_SYMBOL + symbol);
    if (code == 0) continue;
    const extra: u32 = get<u8>(LENGTH_EXTRA, 32, symbol);
    const count = code >> COUNT_SHIFT;
    let word = code + (extra << COUNT_SHIFT);
    let at = LENGTH_WORDS + get<u16>(LENGTH_BASE, 32, symbol) - MIN_LENGTH;
    // The longest match has a symbol of its own, the last one.
    for (const end = min(at + (1 << extra), <u32>WORDS); at < end; at++) {
      put<u32>(words, WORDS, at, word);
      word += 1 << count;
    }
  }
}

/** Adds the number of extra bits to each distance code. */
export function makeDistanceWords(words: usize): void {
  for (let symbol: u32 = 0; symbol < MAX_DISTANCE_LENGTHS; symbol++) {
    const code = get<u32>(words, DISTANCE_SYMBOLS, symbol);
    const count = code >> COUNT_SHIFT;
    const extra: u32 = get<u8>(DISTANCE_EXTRA, 32, symbol);
    put<u32>(words, DISTANCE_SYMBOLS, symbol, (code & 0xffff) | (count << 16) | (extra << EXTRA_COUNT_SHIFT));
  }
  put<u32>(words, DISTANCE_SYMBOLS, NO_DISTANCE, 0);
}
