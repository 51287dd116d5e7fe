// Reads the headers of blocks (RFC 1951 §3.2.3 to §3.2.7).
import {
  CODE_LENGTHS,
  CODE_LENGTHS_SIZE,
  DISTANCE_TABLE,
  DISTANCE_TABLE_SIZE,
  DISTANCE_TEMPLATE,
  END_OF_BLOCK,
  LITLEN_TABLE,
  LITLEN_TABLE_SIZE,
  LITLEN_TEMPLATE,
  MAX_DISTANCE_LENGTHS,
  MAX_LITLEN_LENGTHS,
  PRECODE_ORDER,
  PRECODE_SYMBOLS,
  PRECODE_TABLE,
  PRECODE_TABLE_SIZE,
  PRECODE_TEMPLATE,
  clear,
  copyFew,
  get,
  put,
  within,
} from './areas';
import { align, bitCount, drop, need, peek, take } from './bit-reader';
import { buildTable } from './decoding-table';
import { InflateContext, Mode, keptLengths } from './inflate-context';
import { NEEDS_INPUT, Rule } from './outcome';

export const LITLEN_BITS: u32 = 10;
export const DISTANCE_BITS: u32 = 8;
const PRECODE_BITS: u32 = 7;

/** How many bits index the shared tables. */
export let litlenBits: u32 = 0;
export let distanceBits: u32 = 0;
/** Counts the builds of the shared tables. If `context.tables` equals it, the tables are those of the context's block. */
let builds: u64 = 0;

/**
 * Reads a block header, and prepares the context for the block.
 *
 * @returns 0, {@link NEEDS_INPUT} or the broken rule
 */
export function readHeader(context: InflateContext): i32 {
  if (!need(3)) return NEEDS_INPUT;
  const isLast = take(1);
  const type = take(2);
  let outcome: i32 = 0;
  if (type == 0) outcome = readStored(context);
  else if (type == 1) context.mode = Mode.FIXED;
  else if (type == 2) outcome = readDynamic(context);
  else return Rule.BLOCK_TYPE;
  if (outcome == 0) context.isLastBlock = isLast;
  return outcome;
}

/** §3.2.4 */
function readStored(context: InflateContext): i32 {
  align();
  if (!need(32)) return NEEDS_INPUT;
  const length = take(16);
  if (take(16) != (length ^ 0xffff)) return Rule.STORED_LENGTH;
  context.storedLeft = length;
  context.mode = Mode.STORED;
  return 0;
}

/** §3.2.7 */
function readDynamic(context: InflateContext): i32 {
  if (!need(14)) return NEEDS_INPUT;
  const litlen = take(5) + 257;
  const distance = take(5) + 1;
  const precode = take(4) + 4;
  if (litlen > MAX_LITLEN_LENGTHS || distance > MAX_DISTANCE_LENGTHS) return Rule.TOO_MANY_LENGTHS;

  clear(CODE_LENGTHS, 32);
  for (let index: u32 = 0; index < precode; index++) {
    if (!need(3)) return NEEDS_INPUT;
    put<u8>(CODE_LENGTHS, CODE_LENGTHS_SIZE, get<u8>(PRECODE_ORDER, 32, index), <u8>take(3));
  }
  const built = buildTable(
    CODE_LENGTHS,
    PRECODE_SYMBOLS,
    PRECODE_BITS,
    PRECODE_TABLE,
    PRECODE_TABLE_SIZE,
    PRECODE_TEMPLATE,
    false,
  );
  if (built < 0) return Rule.PRECODE;
  const outcome = readCodeLengths(litlen + distance, <u32>built);
  if (outcome != 0) return outcome;
  if (get<u8>(CODE_LENGTHS, CODE_LENGTHS_SIZE, END_OF_BLOCK) == 0) return Rule.NO_END_OF_BLOCK;

  context.litlenLengths = litlen;
  context.distanceLengths = distance;
  const judged = buildTables(context, CODE_LENGTHS);
  if (judged != 0) return judged;
  const kept = keptLengths(context);
  copyFew(kept, CODE_LENGTHS, litlen + distance);
  context.mode = Mode.DYNAMIC;
  return 0;
}

function readCodeLengths(total: u32, mainBits: u32): i32 {
  let index: u32 = 0;
  let previous: u32 = 0;
  while (index < total) {
    // Load a symbol and its extra bits, or whatever input is left: a shorter code needs fewer bits.
    need(14);
    const entry = get<u32>(PRECODE_TABLE, PRECODE_TABLE_SIZE, peek(mainBits));
    const length = entry & 0x3f;
    const symbol = entry >> 16;
    if (length > bitCount) return NEEDS_INPUT;
    if (symbol < 16) {
      drop(length);
      previous = symbol;
      put<u8>(CODE_LENGTHS, CODE_LENGTHS_SIZE, index++, <u8>symbol);
      continue;
    }
    const extra: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (length + extra > bitCount) return NEEDS_INPUT;
    drop(length);
    if (symbol == 16 && index == 0) return Rule.REPEAT;
    const count = take(extra) + (symbol == 18 ? 11 : 3);
    if (index + count > total) return Rule.REPEAT;
    if (symbol != 16) previous = 0;
    within(CODE_LENGTHS + index, count + 15, CODE_LENGTHS, CODE_LENGTHS + CODE_LENGTHS_SIZE);
    const value = i8x16.splat(<i8>previous);
    for (let at: u32 = 0; at < count; at += 16) v128.store(CODE_LENGTHS + index + at, value);
    index += count;
  }
  return 0;
}

function buildTables(context: InflateContext, lengths: usize): i32 {
  const litlen = context.litlenLengths;
  builds++;
  const main = buildTable(
    lengths,
    litlen,
    LITLEN_BITS,
    LITLEN_TABLE,
    LITLEN_TABLE_SIZE,
    LITLEN_TEMPLATE,
    true,
  );
  if (main < 0) return Rule.LITLEN_CODE;
  const second = buildTable(
    lengths + litlen,
    context.distanceLengths,
    DISTANCE_BITS,
    DISTANCE_TABLE,
    DISTANCE_TABLE_SIZE,
    DISTANCE_TEMPLATE,
    true,
  );
  if (second < 0) return Rule.DISTANCE_CODE;
  litlenBits = <u32>main;
  distanceBits = <u32>second;
  context.tables = builds;
  return 0;
}

/** Builds the tables of the current block again if those of another block have replaced them. */
export function restoreTables(context: InflateContext): void {
  if (context.tables != builds) buildTables(context, keptLengths(context));
}
