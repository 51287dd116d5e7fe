// Writes the header of a dynamic block, which encodes the code lengths (RFC 1951 §3.2.7).
import {
  DISTANCE_LENGTHS,
  DISTANCE_SYMBOLS,
  HEADER_EXTRAS,
  HEADER_SYMBOLS,
  LITLEN_LENGTHS,
  MAX_DISTANCE_LENGTHS,
  MAX_LITLEN_LENGTHS,
  PRECODE_CODES,
  PRECODE_COUNTS,
  PRECODE_FREQUENCIES,
  PRECODE_LENGTHS,
  PRECODE_ORDER,
  PRECODE_SYMBOLS,
  clear,
  copyFew,
  get,
  put,
} from './areas';
import { putBits } from './bit-writer';
import { COUNT_SHIFT, assignCodes, codeLengths } from './huffman-code';

const REPEAT_PREVIOUS: u32 = 16;
const REPEAT_ZERO: u32 = 17;
const REPEAT_ZERO_LONG: u32 = 18;
const MAX_PRECODE_LENGTH: u32 = 7;

/** How many bits the header takes, without the block type. */
export let headerCost: u32 = 0;

let litlenCount: u32 = 0;
let distanceCount: u32 = 0;
let precodeCount: u32 = 0;
let symbolCount: u32 = 0;

function add(symbol: u32, extra: u32): void {
  put<u8>(HEADER_SYMBOLS, 320, symbolCount, <u8>symbol);
  put<u8>(HEADER_EXTRAS, 320, symbolCount, <u8>extra);
  symbolCount++;
  const slot = PRECODE_FREQUENCIES + ((<usize>symbol) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

function addRun(length: u32, run: u32): void {
  let left = run;
  if (length == 0) {
    while (left >= 11) {
      const count = min(left, 138);
      add(REPEAT_ZERO_LONG, count - 11);
      left -= count;
    }
    if (left >= 3) {
      add(REPEAT_ZERO, left - 3);
      left = 0;
    }
  } else {
    add(length, 0);
    left--;
    while (left >= 3) {
      const count = min(left, 6);
      add(REPEAT_PREVIOUS, count - 3);
      left -= count;
    }
  }
  while (left-- > 0) add(length, 0);
}

/** Plans the header for the code lengths of the block, and computes its cost. */
export function planHeader(): void {
  litlenCount = MAX_LITLEN_LENGTHS;
  while (litlenCount > 257 && get<u8>(LITLEN_LENGTHS, 320, litlenCount - 1) == 0) litlenCount--;
  distanceCount = MAX_DISTANCE_LENGTHS;
  while (distanceCount > 1 && get<u8>(DISTANCE_LENGTHS, 32, distanceCount - 1) == 0) distanceCount--;
  // The two sequences form one: a run may cross from the first into the second.
  copyFew(LITLEN_LENGTHS + litlenCount, DISTANCE_LENGTHS, MAX_DISTANCE_LENGTHS);
  symbolCount = 0;
  clear(PRECODE_FREQUENCIES, 128);
  const total = litlenCount + distanceCount;
  let at: u32 = 0;
  while (at < total) {
    const length = <u32>get<u8>(LITLEN_LENGTHS, 320, at);
    const same = <u64>length * 0x0101010101010101;
    let end = at + 1;
    while (end + 8 <= total && load<u64>(LITLEN_LENGTHS + end) == same) end += 8;
    while (end < total && <u32>get<u8>(LITLEN_LENGTHS, 320, end) == length) end++;
    addRun(length, end - at);
    at = end;
  }
  clear(LITLEN_LENGTHS + litlenCount, DISTANCE_SYMBOLS);
  const codes = codeLengths(
    PRECODE_FREQUENCIES,
    PRECODE_SYMBOLS,
    MAX_PRECODE_LENGTH,
    PRECODE_LENGTHS,
    PRECODE_COUNTS,
  );
  precodeCount = PRECODE_SYMBOLS;
  while (precodeCount > 4 && precodeLengthAt(precodeCount - 1) == 0) precodeCount--;
  headerCost =
    14 +
    3 * precodeCount +
    codes +
    2 * get<u32>(PRECODE_FREQUENCIES, 32, REPEAT_PREVIOUS) +
    3 * get<u32>(PRECODE_FREQUENCIES, 32, REPEAT_ZERO) +
    7 * get<u32>(PRECODE_FREQUENCIES, 32, REPEAT_ZERO_LONG);
}

function precodeLengthAt(index: u32): u32 {
  return get<u8>(PRECODE_LENGTHS, 32, get<u8>(PRECODE_ORDER, 32, index));
}

/** Writes the planned header. */
export function writeHeader(): void {
  putBits((litlenCount - 257) | ((distanceCount - 1) << 5) | ((precodeCount - 4) << 10), 14);
  for (let index: u32 = 0; index < precodeCount; index++) putBits(precodeLengthAt(index), 3);
  assignCodes(PRECODE_LENGTHS, PRECODE_SYMBOLS, PRECODE_COUNTS, PRECODE_CODES);
  for (let index: u32 = 0; index < symbolCount; index++) {
    const symbol = get<u8>(HEADER_SYMBOLS, 320, index);
    const code = get<u32>(PRECODE_CODES, 32, symbol);
    putBits(code & 0xffff, code >> COUNT_SHIFT);
    const extra = get<u8>(HEADER_EXTRAS, 320, index);
    if (symbol == REPEAT_PREVIOUS) putBits(extra, 2);
    else if (symbol == REPEAT_ZERO) putBits(extra, 3);
    else if (symbol == REPEAT_ZERO_LONG) putBits(extra, 7);
  }
}
