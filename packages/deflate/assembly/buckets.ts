// The bucket search. A hash table holds the last two positions of each hash side by side. The two comparisons do not depend on each
// other, so the processor runs them in parallel. Few branches depend on the data. Entering a position means adding it to the table.
import { HISTORY, INPUT, INPUT_END, MAX_LENGTH, read, within } from './areas';
import { DeflateContext } from './deflate-context';

const MULTIPLIER: u64 = 0x9e3779b185ebca87;
/** Shifts out the bytes that are not hashed. */
const FIVE_BYTES: u64 = 24;
/** The length of the shortest match. Three bytes rarely cost less than literals. */
export const SHORTEST: u32 = 4;
/** How many bytes are compared at a time. */
const AT_ONCE: u32 = 16;
/** A bucket has two positions of 16 bits, the latest one lowest. */
const WAYS_BITS: u32 = 1;
const BUCKET_BYTES: usize = 4;

let buckets: usize = 0;
let bucketCount: usize = 0;
let bucketShift: u64 = 0;
/** The difference between an address and its position in the stream. */
let toPosition: u32 = 0;
let inputEnd: usize = 0;

export function startBuckets(context: DeflateContext, length: u32): void {
  const bits = context.longBits - WAYS_BITS;
  buckets = context.longHeads;
  bucketCount = (<usize>1) << bits;
  bucketShift = 64 - bits;
  toPosition = context.position - <u32>INPUT;
  inputEnd = INPUT + length;
}

// @ts-ignore: decorator
@inline
function eight(at: usize): u64 {
  return read<u64>(at, HISTORY, INPUT_END);
}

// @ts-ignore: decorator
@inline
function bucketOf(value: u64): usize {
  const index = <usize>(((value << FIVE_BYTES) * MULTIPLIER) >> bucketShift);
  if (!ASC_NO_ASSERT) assert(index < bucketCount);
  return buckets + index * BUCKET_BYTES;
}

/** Encodes a match as a number. A longer match is a larger number; of two equally long ones, the nearer is larger. */
// @ts-ignore: decorator
@inline
function match(length: u32, distance: u32): u32 {
  return (length << 16) | (0xffff - distance);
}

// @ts-ignore: decorator
@inline
export function lengthOf(match: u32): u32 {
  return match >> 16;
}

// @ts-ignore: decorator
@inline
export function distanceOf(match: u32): u32 {
  return 0xffff - (match & 0xffff);
}

/** Compares up to 16 bytes with those at a candidate position. Returns a match, or 0 if the candidate is out of range. */
// @ts-ignore: decorator
@inline
function judge(at: usize, here: v128, position: u32, place: u32, near: u32): u32 {
  const distance = (position - place) & 0xffff;
  const isNear = distance - 1 < near;
  const from = at - select<u32>(distance, 0, isNear);
  within(from, AT_ONCE, HISTORY, INPUT_END);
  const different = <u32>i8x16.bitmask(i8x16.ne(v128.load(from), here)) | (1 << AT_ONCE);
  return select<u32>(match(<u32>ctz(different), distance), 0, isNear);
}

/**
 * Returns the longest match among the positions of a bucket, and enters the address. Compares only the first 16 bytes itself:
 * {@link longMatch} compares more.
 *
 * @param floor a match of 16 bytes or more counts only if it is longer than this
 * @param near how far back a match may point
 * @returns a match that may extend past the input
 */
// @ts-ignore: decorator
@inline
export function bucketMatch(at: usize, floor: u32, near: u32): u32 {
  const value = eight(at);
  within(at, AT_ONCE, HISTORY, INPUT_END);
  const here = v128.load(at);
  const position = <u32>at + toPosition;
  const bucket = bucketOf(value);
  const places = load<u32>(bucket);
  store<u32>(bucket, (places << 16) | (position & 0xffff));
  const last = judge(at, here, position, places, near);
  const best = max(last, judge(at, here, position, places >> 16, near));
  if (best < AT_ONCE << 16) return best;
  return max(best, longMatch(at, position, places, max(floor, AT_ONCE - 1), near));
}

/** Returns the longest match of more than `floor` bytes, which is at least 15, among the positions of a bucket. */
function longMatch(at: usize, position: u32, places: u32, floor: u32, near: u32): u32 {
  const most = min(<u32>(inputEnd - at), MAX_LENGTH);
  let best: u32 = 0;
  let longest = floor;
  if (longest >= most) return 0;
  for (let left = places; left != 0; left >>= 16) {
    const distance = (position - left) & 0xffff;
    if (distance - 1 >= near) continue;
    const from = at - distance;
    // A longer match has the same bytes where the best one ends.
    if (read<u32>(from + longest - 3, HISTORY, INPUT_END) != read<u32>(at + longest - 3, HISTORY, INPUT_END))
      continue;
    const length = sameBytes(from, at, most);
    if (length <= longest) continue;
    longest = length;
    best = match(length, distance);
  }
  return best;
}

/** Counts the bytes that are equal at two addresses. */
function sameBytes(from: usize, at: usize, most: u32): u32 {
  let length: u32 = 0;
  do {
    within(from + length, AT_ONCE, HISTORY, INPUT_END);
    within(at + length, AT_ONCE, HISTORY, INPUT_END);
    const different = <u32>i8x16.bitmask(i8x16.ne(v128.load(from + length), v128.load(at + length)));
    if (different != 0) return min(length + <u32>ctz(different), most);
    length += AT_ONCE;
  } while (length < most);
  return most;
}

/** Enters an address without searching for a match. */
// @ts-ignore: decorator
@inline
export function enterBucket(at: usize): void {
  const bucket = bucketOf(eight(at));
  store<u32>(bucket, (load<u32>(bucket) << 16) | ((<u32>at + toPosition) & 0xffff));
}
