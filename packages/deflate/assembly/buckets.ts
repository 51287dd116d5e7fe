// The bucket search. A hash table holds the last two positions of each hash side by side. The two comparisons do not depend on each
// other, so the processor runs them in parallel. Few branches depend on the data. Entering a position means adding it to the table.
// A position can be stale or belong to other bytes, because the search compares the bytes.
import { HISTORY, INPUT, INPUT_END, MAX_DISTANCE, MAX_LENGTH, read, within } from './areas';
import { DeflateContext } from './deflate-context';

/** Hashes five bytes: the shift drops the others. */
const MULTIPLIER: u64 = (<u64>0x9e3779b185ebca87) << 24;
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
  const index = <usize>((value * MULTIPLIER) >> bucketShift);
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

// @ts-ignore: decorator
@inline
export function matchOfLength(length: u32): u32 {
  return length << 16;
}

/** Enters an address, and returns the two positions that its bucket held. */
// @ts-ignore: decorator
@inline
export function enterBucket(at: usize): u32 {
  const bucket = bucketOf(eight(at));
  const places = load<u32>(bucket);
  store<u32>(bucket, (places << 16) | ((<u32>at + toPosition) & 0xffff));
  return places;
}

/** How far back a position is, modulo {@link MAX_DISTANCE}. So the address that it leads to is in the history or the input. */
// @ts-ignore: decorator
@inline
function distanceTo(place: u32, at: usize): u32 {
  return (<u32>at + toPosition - place) & (MAX_DISTANCE - 1);
}

/**
 * Whether a match starts at an address.
 *
 * @param places the positions of its bucket
 * @param near how far back a match may point
 */
// @ts-ignore: decorator
@inline
export function hasMatch(at: usize, places: u32, near: u32): bool {
  const value = read<u32>(at, HISTORY, INPUT_END);
  return (
    sameFour(at, value, distanceTo(places, at), near) |
    sameFour(at, value, distanceTo(places >> 16, at), near)
  );
}

// @ts-ignore: decorator
@inline
function sameFour(at: usize, value: u32, distance: u32, near: u32): bool {
  return <bool>(<u32>(read<u32>(at - distance, HISTORY, INPUT_END) == value) & <u32>(distance - 1 < near));
}

/** Returns the longer of the two matches of a bucket, or the nearer of two that are equally long. It may extend past the input. */
// @ts-ignore: decorator
@inline
export function longestInBucket(at: usize, places: u32, near: u32): u32 {
  const last = compare(at, distanceTo(places, at), near);
  const other = compare(at, distanceTo(places >> 16, at), near);
  const best = max(last, other);
  if (lengthOf(best) < AT_ONCE) return best;
  const second = min(last, other);
  const longer = extended(at, best);
  return lengthOf(second) < AT_ONCE ? longer : max(longer, extended(at, second));
}

/** Compares up to 16 bytes with those at a distance. Returns a match, or 0 if the distance is out of range. */
// @ts-ignore: decorator
@inline
function compare(at: usize, distance: u32, near: u32): u32 {
  const different = differences(at - distance, at) | (1 << AT_ONCE);
  return select<u32>(match(<u32>ctz(different), distance), 0, distance - 1 < near);
}

/** Sets the bits of those among the next 16 bytes that differ. */
// @ts-ignore: decorator
@inline
function differences(from: usize, at: usize): u32 {
  within(from, AT_ONCE, HISTORY, INPUT_END);
  within(at, AT_ONCE, HISTORY, INPUT_END);
  return <u32>i8x16.bitmask(i8x16.ne(v128.load(from), v128.load(at)));
}

/** Returns a match of 16 bytes with its whole length. */
function extended(at: usize, found: u32): u32 {
  const distance = distanceOf(found);
  const most = min(<u32>(inputEnd - at), MAX_LENGTH);
  let length: u32 = AT_ONCE;
  while (length < most) {
    const different = differences(at + length - distance, at + length);
    if (different != 0) return match(min(length + <u32>ctz(different), most), distance);
    length += AT_ONCE;
  }
  return match(most, distance);
}
