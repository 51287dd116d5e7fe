// Splits the input into literals and matches. If the next position has a better match, the current byte becomes a literal.
import { INPUT, INPUT_END, read } from './areas';
import {
  SHORTEST,
  distanceOf,
  enterBucket,
  hasMatch,
  lengthOf,
  longestInBucket,
  matchOfLength,
} from './buckets';
import { enterChains, historyBefore, longestMatch, matchDistance, windowSize } from './match-finder';
import {
  addLiteral,
  addMatch,
  countMatches,
  countShortMatches,
  endTokens,
  startTokens,
  tokensEnd,
} from './tokens';

function byteAt(at: u32): u32 {
  return read<u8>(INPUT + at, INPUT, INPUT_END);
}

/** How many positions can start a match. */
function searchable(end: u32): u32 {
  return end >= SHORTEST ? end - SHORTEST + 1 : 0;
}

/** How much of a block is parsed quickly before its matches are judged. */
const SAMPLE: u32 = 4096;
/** A shorter input gains too little from a thorough search. */
const WORTH_JUDGING: u32 = 768;
/** The quick search goes on if at most one in this many matches has fewer than eight bytes. */
const FEW: u32 = 8;
/** Within a match, the quick search enters one in this many positions, and the last one. It skips a match that ends after its range. */
const ENTER_EACH: usize = 8;

/**
 * Searches the last two positions with the same five bytes.
 *
 * @param lazyBelow the search takes a match of at least this length without looking at the next position
 * @param mayStop whether to stop if matches are short, because a thorough search then gains more than it costs
 * @returns whether it reached the end
 */
export function parseQuickly(end: u32, lazyBelow: u32, mayStop: bool): bool {
  startTokens();
  if (mayStop && end >= WORTH_JUDGING) {
    const at = parseSome(INPUT, INPUT + min(SAMPLE, end), end, lazyBelow);
    if (countShortMatches() * FEW > countMatches()) return false;
    parseSome(at, INPUT + end, end, lazyBelow);
  } else {
    parseSome(INPUT, INPUT + end, end, lazyBelow);
  }
  return true;
}

/** Parses from one address to another, or to the end of a match that crosses it. Returns where it stopped. */
function parseSome(from: usize, to: usize, end: u32, lazyBelow: u32): usize {
  const inputEnd = INPUT + end;
  const searchEnd = min(INPUT + searchable(end), to);
  const lazy = matchOfLength(lazyBelow);
  const farthest = windowSize;
  const copied = historyBefore;
  let token = tokensEnd;
  let at = from;
  while (at < searchEnd) {
    const near = min(<u32>(at - INPUT) + copied, farthest);
    const places = enterBucket(at);
    // This needs less than the lengths do, so the processor learns sooner whether it predicted the branch correctly.
    if (!hasMatch(at, places, near)) {
      token = addLiteral(token, read<u8>(at++, INPUT, INPUT_END));
      continue;
    }
    let found = longestInBucket(at, places, near);
    while (found < lazy && at + 1 < searchEnd) {
      const next = longestInBucket(at + 1, enterBucket(at + 1), min(near + 1, farthest));
      if (lengthOf(next) <= lengthOf(found)) break;
      token = addLiteral(token, read<u8>(at++, INPUT, INPUT_END));
      found = next;
    }
    // The match may extend past the input.
    const length = min(lengthOf(found), <u32>(inputEnd - at));
    token = addMatch(token, length, distanceOf(found));
    const start = at;
    at += length;
    if (at <= searchEnd) enterMatch(start, at);
  }
  if (to == inputEnd) for (; at < inputEnd; at++) token = addLiteral(token, read<u8>(at, INPUT, INPUT_END));
  endTokens(token);
  return at;
}

/** Enters a few positions of a match. The search has entered the first, and often the second. */
function enterMatch(start: usize, end: usize): void {
  for (let at = start + 2; at < end - 1; at += ENTER_EACH) enterBucket(at);
  enterBucket(end - 1);
}

/**
 * Searches up to `depth` positions with the same bytes, and enters each position.
 *
 * @param nice the search stops at a match of this length
 * @param lazyBelow the search takes a match of at least this length without looking at the next position
 * @param looksTwice whether to look at the next two positions instead of one
 */
export function parseThoroughly(end: u32, depth: u32, nice: u32, lazyBelow: u32, looksTwice: bool): void {
  const searchEnd = searchable(end);
  startTokens();
  let token = tokensEnd;
  let at: u32 = 0;
  while (at < searchEnd) {
    let length = longestMatch(at, 0, depth, nice);
    if (length == 0) {
      token = addLiteral(token, byteAt(at++));
      continue;
    }
    let distance = matchDistance;
    let entered = at + 1;
    while (length < lazyBelow && at + 1 < searchEnd) {
      entered = at + 2;
      const next = longestMatch(at + 1, length, (depth + 1) >> 1, nice);
      if (next > length) {
        token = addLiteral(token, byteAt(at++));
        length = next;
        distance = matchDistance;
        continue;
      }
      if (!looksTwice || at + 2 >= searchEnd) break;
      entered = at + 3;
      const second = longestMatch(at + 2, length + 1, (depth + 3) >> 2, nice);
      if (second <= length + 1) break;
      token = addLiteral(token, byteAt(at++));
      token = addLiteral(token, byteAt(at++));
      length = second;
      distance = matchDistance;
    }
    token = addMatch(token, length, distance);
    at += length;
    enterChains(entered, min(at, searchEnd));
  }
  for (; at < end; at++) token = addLiteral(token, byteAt(at));
  endTokens(token);
}
