// What the module exports. All state is in linear memory and in globals: one call at a time.
import { fillAlphabets } from './alphabets';
import {
  AREAS_END,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE_SIZE,
  DISTANCE_TEMPLATE,
  FIXED_DISTANCE_LENGTHS,
  FIXED_DISTANCE_TABLE,
  FIXED_LITLEN_LENGTHS,
  FIXED_LITLEN_TABLE,
  INPUT,
  LITLEN_SYMBOLS,
  LITLEN_TABLE_SIZE,
  LITLEN_TEMPLATE,
  OUTPUT,
  RESULT,
  SHARED_DEFLATE_CONTEXT,
  SHARED_DEFLATE_RING,
  SHARED_HEADS,
  SHARED_INFLATE_CONTEXT,
  SHARED_INFLATE_RING,
} from './areas';
import { DISTANCE_BITS, LITLEN_BITS } from './block-header';
import { assignFixedCodes } from './block-writer';
import { buildTable, fillTemplates } from './decoding-table';
import { deflateStep } from './deflate';
import { DeflateContext, addHistory, resetDeflate } from './deflate-context';
import { inflateStep, setFixedBits } from './inflate';
import { InflateContext, remember, resetInflate } from './inflate-context';
import { SHORTEST, enter, startMatching } from './match-finder';

/** Fills the tables that never change. Called once, before anything else. */
export function initialize(): void {
  if (!ASC_NO_ASSERT) assert((<usize>memory.size()) << 16 >= AREAS_END);
  fillAlphabets();
  fillTemplates();
  assignFixedCodes();
  const litlen = buildTable(
    FIXED_LITLEN_LENGTHS,
    LITLEN_SYMBOLS,
    LITLEN_BITS,
    FIXED_LITLEN_TABLE,
    LITLEN_TABLE_SIZE,
    LITLEN_TEMPLATE,
    true,
  );
  const distance = buildTable(
    FIXED_DISTANCE_LENGTHS,
    DISTANCE_SYMBOLS,
    DISTANCE_BITS,
    FIXED_DISTANCE_TABLE,
    DISTANCE_TABLE_SIZE,
    DISTANCE_TEMPLATE,
    true,
  );
  setFixedBits(<u32>litlen, <u32>distance);
}

export function inputArea(): usize {
  return INPUT;
}

export function outputArea(): usize {
  return OUTPUT;
}

export function resultArea(): usize {
  return RESULT;
}

/** The context of whole messages, with an empty window. */
export function sharedInflateContext(windowBits: u32): usize {
  createInflate(SHARED_INFLATE_CONTEXT, SHARED_INFLATE_RING, windowBits);
  return SHARED_INFLATE_CONTEXT;
}

/** The same for deflating. The fewer heads there are, the sooner they are emptied. */
export function sharedDeflateContext(windowBits: u32, hashBits: u32): usize {
  const longHeads = SHARED_HEADS;
  const shortHeads = longHeads + ((<usize>2) << hashBits);
  createDeflate(
    SHARED_DEFLATE_CONTEXT,
    SHARED_DEFLATE_RING,
    windowBits,
    longHeads,
    hashBits,
    shortHeads,
    hashBits,
  );
  return SHARED_DEFLATE_CONTEXT;
}

export function createInflate(at: usize, ring: usize, windowBits: u32): void {
  const context = changetype<InflateContext>(at);
  context.ring = ring;
  context.windowSize = 1 << windowBits;
  resetInflate(context);
}

export function createDeflate(
  at: usize,
  ring: usize,
  windowBits: u32,
  longHeads: usize,
  longBits: u32,
  shortHeads: usize,
  shortBits: u32,
): void {
  const context = changetype<DeflateContext>(at);
  context.ring = ring;
  context.windowSize = 1 << windowBits;
  context.longHeads = longHeads;
  context.longBits = longBits;
  context.shortHeads = shortHeads;
  context.shortBits = shortBits;
  resetDeflate(context);
}

export function inflate(at: usize, length: u32, room: u32, keep: bool): i32 {
  return inflateStep(changetype<InflateContext>(at), length, room, keep);
}

export function resetInflateContext(at: usize): void {
  resetInflate(changetype<InflateContext>(at));
}

/** Appends the first `length` bytes of the input area to the window, as a dictionary does. */
export function setInflateDictionary(at: usize, length: u32): void {
  remember(changetype<InflateContext>(at), INPUT, length);
}

export function deflate(
  at: usize,
  length: u32,
  flush: u32,
  search: u32,
  depth: u32,
  nice: u32,
  lazyBelow: u32,
  keep: bool,
): u32 {
  return deflateStep(changetype<DeflateContext>(at), length, flush, search, depth, nice, lazyBelow, keep);
}

export function resetDeflateContext(at: usize): void {
  resetDeflate(changetype<DeflateContext>(at));
}

/** Appends the first `length` bytes of the input area to the window, as a dictionary does. */
export function setDeflateDictionary(at: usize, length: u32): void {
  const context = changetype<DeflateContext>(at);
  startMatching(context, length);
  for (let index: u32 = 0; index + SHORTEST <= length; index++) enter(index);
  addHistory(context, INPUT, length);
}
