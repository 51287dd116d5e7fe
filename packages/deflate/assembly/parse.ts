// The input as literals and matches. Where the next position has a better match, the byte before it is a literal.
import { INPUT, INPUT_END, read } from './areas';
import { SHORTEST, enter, enterChains, longestMatch, matchDistance, nearMatch } from './match-finder';
import { addLiteral, addMatch } from './tokens';

/** From this length on the quick parse takes a match as it is. */
const LONG_ENOUGH: u32 = 32;

function byteAt(at: u32): u32 {
  return read<u8>(INPUT + at, INPUT, INPUT_END);
}

/** How many positions may begin a match. */
function searchable(end: u32): u32 {
  return end >= SHORTEST ? end - SHORTEST + 1 : 0;
}

/** Looks at the last places with the same bytes only, and enters few of the positions within a match. */
export function parseQuickly(end: u32, step: u32): void {
  const searchEnd = searchable(end);
  let at: u32 = 0;
  while (at < searchEnd) {
    let length = nearMatch(at, 0);
    if (length == 0) {
      addLiteral(byteAt(at++));
      continue;
    }
    let distance = matchDistance;
    let entered = at + 1;
    while (length < LONG_ENOUGH && at + 1 < searchEnd) {
      entered = at + 2;
      const next = nearMatch(at + 1, length);
      if (next <= length) break;
      addLiteral(byteAt(at++));
      length = next;
      distance = matchDistance;
    }
    addMatch(length, distance);
    at += length;
    const stop = min(at, searchEnd);
    for (; entered < stop; entered += step) enter(entered);
  }
  for (; at < end; at++) addLiteral(byteAt(at));
}

/**
 * Looks at up to `depth` places with the same bytes, and enters each position.
 *
 * @param nice a match of so many bytes is long enough
 * @param lazyBelow a match of so many bytes is taken without a look at what follows
 * @param looksTwice whether it looks at the next two positions
 */
export function parseThoroughly(end: u32, depth: u32, nice: u32, lazyBelow: u32, looksTwice: bool): void {
  const searchEnd = searchable(end);
  let at: u32 = 0;
  while (at < searchEnd) {
    let length = longestMatch(at, 0, depth, nice);
    if (length == 0) {
      addLiteral(byteAt(at++));
      continue;
    }
    let distance = matchDistance;
    let entered = at + 1;
    while (length < lazyBelow && at + 1 < searchEnd) {
      entered = at + 2;
      const next = longestMatch(at + 1, length, (depth + 1) >> 1, nice);
      if (next > length) {
        addLiteral(byteAt(at++));
        length = next;
        distance = matchDistance;
        continue;
      }
      if (!looksTwice || at + 2 >= searchEnd) break;
      entered = at + 3;
      const second = longestMatch(at + 2, length + 1, (depth + 3) >> 2, nice);
      if (second <= length + 1) break;
      addLiteral(byteAt(at++));
      addLiteral(byteAt(at++));
      length = second;
      distance = matchDistance;
    }
    addMatch(length, distance);
    at += length;
    enterChains(entered, min(at, searchEnd));
  }
  for (; at < end; at++) addLiteral(byteAt(at));
}
