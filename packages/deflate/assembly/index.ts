// The exports of the module. All state is in linear memory and in globals, so calls must not overlap.
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
  INPUT_END,
  LITLEN_SYMBOLS,
  LITLEN_TABLE_SIZE,
  LITLEN_TEMPLATE,
  OUTPUT,
  OUTPUT_END,
  RESULT,
  SHARED_DEFLATE_CONTEXT,
  SHARED_DEFLATE_RING,
  SHARED_HEADS,
  SHARED_INFLATE_CONTEXT,
  SHARED_INFLATE_RING,
} from './areas';
import { DISTANCE_BITS, LITLEN_BITS } from './block-header';
import { makeFixedWords } from './block-writer';
import { buildTable, fillTemplates } from './decoding-table';
import { commit, deflateStep } from './deflate';
import { DeflateContext, addHistory, emptyHeads, resetDeflate } from './deflate-context';
import { inflateStep, setFixedBits } from './inflate';
import { InflateContext, resetInflate } from './inflate-context';
import { SHORTEST, enterBucket } from './buckets';
import { enterHead, startMatching } from './match-finder';
import { Window, append, copyOut } from './window';

/** Fills the tables that never change. Must be called once, before anything else. */
export function initialize(): void {
  if (!ASC_NO_ASSERT) assert((<usize>memory.size()) << 16 >= AREAS_END);
  fillAlphabets();
  fillTemplates();
  makeFixedWords();
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

/** Returns the context for messages that stand alone, with an empty window. */
export function sharedInflateContext(windowBits: u32): usize {
  createInflate(SHARED_INFLATE_CONTEXT, SHARED_INFLATE_RING, windowBits, windowBits);
  return SHARED_INFLATE_CONTEXT;
}

/** Like {@link sharedInflateContext}, for deflating. A smaller hash table takes less time to clear. */
export function sharedDeflateContext(windowBits: u32, hashBits: u32, isChained: u32): usize {
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
    isChained,
  );
  return SHARED_DEFLATE_CONTEXT;
}

/** @param ringBits as many as the window has, or fewer while the stream is short */
export function createInflate(at: usize, ring: usize, ringBits: u32, windowBits: u32): void {
  const context = changetype<InflateContext>(at);
  context.ring = ring;
  context.ringSize = 1 << ringBits;
  context.windowSize = 1 << windowBits;
  resetInflate(context);
}

export function createDeflate(
  at: usize,
  ring: usize,
  ringBits: u32,
  longHeads: usize,
  longBits: u32,
  shortHeads: usize,
  shortBits: u32,
  isChained: u32,
): void {
  const context = changetype<DeflateContext>(at);
  context.ring = ring;
  context.ringSize = 1 << ringBits;
  context.longHeads = longHeads;
  context.longBits = longBits;
  context.shortHeads = shortHeads;
  context.shortBits = shortBits;
  context.isChained = isChained;
  resetDeflate(context);
}

export function inflate(at: usize, length: u32, room: u32): i32 {
  return inflateStep(changetype<InflateContext>(at), length, room);
}

/** Appends the first `length` bytes of the output area to the window. */
export function rememberOutput(at: usize, length: u32): void {
  append(changetype<InflateContext>(at), OUTPUT, length);
}

/** Appends the first `length` bytes of the input area, for example a dictionary. */
export function rememberInput(at: usize, length: u32): void {
  append(changetype<InflateContext>(at), INPUT, length);
}

/** Moves the window to a larger ring. */
export function growInflate(at: usize, ring: usize, ringBits: u32): void {
  const context = changetype<InflateContext>(at);
  const length = context.historyLength;
  const to = changetype<usize>(ring);
  copyOut(context, length, to, length, to, to + (1 << ringBits));
  context.ring = ring;
  context.ringSize = 1 << ringBits;
  context.ringPosition = length;
}

/** Returns how many bytes the window holds, for both kinds of context. */
export function historyLength(at: usize): u32 {
  return changetype<Window>(at).historyLength;
}

/** Copies the last `length` bytes of the window to the output area. */
export function copyHistory(at: usize, length: u32): void {
  copyOut(changetype<Window>(at), length, OUTPUT, length, OUTPUT, OUTPUT_END);
}

export function resetInflateContext(at: usize): void {
  resetInflate(changetype<InflateContext>(at));
}

export function deflate(
  at: usize,
  length: u32,
  flush: u32,
  search: u32,
  depth: u32,
  nice: u32,
  lazyBelow: u32,
): u32 {
  return deflateStep(changetype<DeflateContext>(at), length, flush, search, depth, nice, lazyBelow);
}

export function commitDeflate(at: usize, length: u32): void {
  commit(changetype<DeflateContext>(at), length);
}

export function resetDeflateContext(at: usize): void {
  resetDeflate(changetype<DeflateContext>(at));
}

/** Moves the stream of one context to another that has a larger ring. */
export function moveDeflate(from: usize, to: usize): void {
  const old = changetype<DeflateContext>(from);
  const context = changetype<DeflateContext>(to);
  const length = old.historyLength;
  copyOut(old, length, INPUT, length, INPUT, INPUT_END);
  if (old.isChained && !context.isChained) {
    context.isChained = 1;
    emptyHeads(context);
  }
  context.bits = old.bits;
  context.bitCount = old.bitCount;
  learn(to, length);
}

/** Appends the first `length` bytes of the input area to the window, for example a dictionary, and makes them searchable. */
export function learn(at: usize, length: u32): void {
  const context = changetype<DeflateContext>(at);
  startMatching(context, length);
  for (let index: u32 = 0; index + SHORTEST <= length; index++) {
    if (context.isChained) enterHead(index);
    else enterBucket(INPUT + index);
  }
  addHistory(context, INPUT, length);
}
