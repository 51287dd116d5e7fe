// The chain search. Two hash tables hold the last position of each hash. One hashes six bytes, which usually make a worthwhile match. The
// other hashes four, the shortest match. Within the input of a call, positions with the same hash of six bytes form a chain. Entering
// a position means adding it to the tables.
import { HISTORY, INPUT, INPUT_CAPACITY, INPUT_END, MAX_LENGTH, PREVIOUS, get, put, read } from './areas';
import { SHORTEST, startBuckets } from './buckets';
import { DeflateContext, emptyHeads } from './deflate-context';
import { copyOut } from './window';

const MULTIPLIER: u64 = 0x9e3779b185ebca87;
/** Shifts out the bytes that are not hashed. */
const SIX_BYTES: u64 = 16;
const FOUR_BYTES: u64 = 32;
/** A match of this length from the chain is not worth comparing with one from the hash of four bytes. */
const LONG: u32 = 7;
/** The window is copied in front of an input of at least this length, so that comparisons are equally fast in both. */
const WORTH_COPYING: u32 = 2048;
/** How much is copied for a shorter input in the bucket search, which finds only what is copied. */
const COPIED: u32 = 16384;

// The input and the fields of the context, during a call.
let end: u32 = 0;
let base: u32 = 0;
let longHeads: usize = 0;
let longSize: usize = 0;
let longShift: u64 = 0;
let shortHeads: usize = 0;
let shortSize: usize = 0;
let shortShift: u64 = 0;
export let windowSize: u32 = 0;
let ring: usize = 0;
let ringMask: u32 = 0;
let ringPosition: u32 = 0;
let historyLength: u32 = 0;
/** How many bytes of the window are copied in front of the input; 0 if the window is read in its ring. */
export let historyBefore: u32 = 0;

/** The distance of the match that was found last. */
export let matchDistance: u32 = 0;

/** Prepares for an input of `length` bytes. */
export function startMatching(context: DeflateContext, length: u32): void {
  end = length;
  base = context.position;
  longHeads = context.longHeads;
  longSize = (<usize>1) << context.longBits;
  longShift = 64 - context.longBits;
  shortHeads = context.shortHeads;
  shortSize = (<usize>1) << context.shortBits;
  shortShift = 64 - context.shortBits;
  windowSize = context.ringSize;
  ring = context.ring;
  ringMask = windowSize - 1;
  ringPosition = context.ringPosition;
  historyLength = context.historyLength;
  historyBefore = historyLength;
  if (length < WORTH_COPYING) historyBefore = context.isChained ? 0 : min(historyLength, COPIED);
  if (historyBefore > 0) copyOut(context, historyBefore, INPUT - historyBefore, historyBefore, HISTORY, INPUT);
  // Hashes at the end of the input include bytes after it, which must not depend on earlier calls.
  v128.store(INPUT + length, i64x2.splat(0));
  if (!context.isChained) startBuckets(context, length);
}

/** Switches from buckets to chains for the same input, and enters the window again. */
export function beginChains(context: DeflateContext, length: u32): void {
  context.isChained = 1;
  emptyHeads(context);
  for (let back = historyBefore; back > 0; back--) enterHead(0 - back);
  startMatching(context, length);
}

// @ts-ignore: decorator
@inline
function eight(at: u32): u64 {
  return read<u64>(INPUT + at, HISTORY, INPUT_END);
}

// @ts-ignore: decorator
@inline
function four(at: u32): u32 {
  return read<u32>(INPUT + at, HISTORY, INPUT_END);
}

// @ts-ignore: decorator
@inline
function longHash(value: u64): usize {
  return <usize>(((value << SIX_BYTES) * MULTIPLIER) >> longShift);
}

// @ts-ignore: decorator
@inline
function shortHash(value: u64): usize {
  return <usize>(((value << FOUR_BYTES) * MULTIPLIER) >> shortShift);
}

/** Counts the equal bytes at two positions of the input whose first four are equal. Does not count bytes after the input. */
// @ts-ignore: decorator
@inline
function sameInput(a: u32, b: u32, most: u32): u32 {
  let n: u32 = 4;
  do {
    const difference = eight(a + n) ^ eight(b + n);
    if (difference != 0) return min(n + ((<u32>ctz(difference)) >> 3), most);
    n += 8;
  } while (n < most);
  return most;
}

/** Counts the bytes that are equal at two addresses, up to `run`. */
function sameBytes(a: usize, b: usize, run: u32): u32 {
  let n: u32 = 0;
  while (n + 8 <= run) {
    const difference = load<u64>(a + n) ^ load<u64>(b + n);
    if (difference != 0) return n + ((<u32>ctz(difference)) >> 3);
    n += 8;
  }
  while (n < run && load<u8>(a + n) == load<u8>(b + n)) n++;
  return n;
}

/** Counts the equal bytes at a position `back` bytes before the input and at one in the input. The window continues into the input. */
function sameHistory(back: u32, at: u32, most: u32): u32 {
  if (!ASC_NO_ASSERT) assert(back <= historyLength && at + most <= end);
  let n: u32 = 0;
  while (n < most) {
    let from: usize;
    let run = most - n;
    if (n < back) {
      const index = (ringPosition - back + n) & ringMask;
      from = ring + index;
      run = min(run, min(back - n, windowSize - index));
    } else {
      from = INPUT + (n - back);
    }
    const same = sameBytes(from, INPUT + at + n, run);
    n += same;
    if (same < run) break;
  }
  return n;
}

/** Counts the bytes that are equal at a position and at a candidate before it. Returns 0 if the candidate is out of range. */
// @ts-ignore: decorator
@inline
function sameAt(at: u32, distance: u32, value: u32, most: u32): u32 {
  if (distance - 1 < min(at + historyBefore, windowSize))
    return four(at - distance) == value ? sameInput(at - distance, at, most) : 0;
  if (distance == 0 || distance > min(at + historyLength, windowSize)) return 0;
  return sameHistory(distance - at, at, most);
}

/** Enters a position without searching for a match. */
export function enterHead(at: u32): void {
  const value = eight(at);
  const position = <u16>(base + at);
  put<u16>(longHeads, longSize, longHash(value), position);
  put<u16>(shortHeads, shortSize, shortHash(value), position);
}

/** Enters several positions with their chains. Skips the hashes of four bytes, because such matches are rare within longer ones. */
export function enterChains(from: u32, to: u32): void {
  for (let at = from; at < to; at++) {
    const hash = longHash(eight(at));
    put<u16>(PREVIOUS, INPUT_CAPACITY, at, get<u16>(longHeads, longSize, hash));
    put<u16>(longHeads, longSize, hash, <u16>(base + at));
  }
}

/**
 * Finds the longest match among `depth` positions with the same six bytes, and the last position with the same four. Enters `at`.
 *
 * @param nice the search stops at a match of this length
 * @returns its length, or `best` if none is longer
 */
export function longestMatch(at: u32, best: u32, depth: u32, nice: u32): u32 {
  const value = eight(at);
  const position = base + at;
  const long = longHash(value);
  const short = shortHash(value);
  const candidate = get<u16>(longHeads, longSize, long);
  const other = (position - <u32>get<u16>(shortHeads, shortSize, short)) & 0xffff;
  put<u16>(longHeads, longSize, long, <u16>position);
  put<u16>(shortHeads, shortSize, short, <u16>position);
  put<u16>(PREVIOUS, INPUT_CAPACITY, at, candidate);
  const most = min(end - at, MAX_LENGTH);
  let length = best;
  let longest = max(best, SHORTEST - 1);
  if (longest >= most) return best;
  let distance = (position - <u32>candidate) & 0xffff;
  let last: u32 = 0;
  let tail = four(at + longest - 3);
  const near = min(at, windowSize);
  for (let left = depth; left > 0; left--) {
    // Along a chain, each position is farther back than the previous one. A position that is not farther back lies outside the input.
    if (distance <= last) break;
    if (distance > near) {
      // Positions in the window have no chain.
      const same = sameAt(at, distance, <u32>value, most);
      if (same > longest) {
        length = same;
        longest = same;
        matchDistance = distance;
      }
      break;
    }
    last = distance;
    const from = at - distance;
    // A longer match has the same bytes where the best one ends.
    if (four(from + longest - 3) == tail && four(from) == <u32>value) {
      const same = sameInput(from, at, most);
      if (same > longest) {
        length = same;
        longest = same;
        matchDistance = distance;
        if (same >= nice || same == most) return same;
        tail = four(at + same - 3);
      }
    }
    distance = (position - <u32>get<u16>(PREVIOUS, INPUT_CAPACITY, from)) & 0xffff;
  }
  if (longest < LONG) {
    const same = sameAt(at, other, <u32>value, most);
    if (same > longest) {
      length = same;
      matchDistance = other;
    }
  }
  return length;
}
