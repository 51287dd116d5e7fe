// Code lengths and codes for an alphabet with known frequencies (RFC 1951 §3.2.2).
import {
  FREQUENCY_BUCKETS,
  LITLEN_SYMBOLS,
  NEXT_CODES,
  NODE_PARENTS,
  NODE_SYMBOLS,
  NODE_WEIGHTS,
  clear,
  get,
  put,
} from './areas';

const NODES: usize = 576;
/** Symbols of at least this frequency share a bucket. */
const COMMON_FROM: u32 = 63;

/**
 * Finds code lengths of at most `most` bits. The code is complete and has at least two symbols, because some inflaters reject any other.
 *
 * @param counts receives the number of codes of each length
 * @returns how many bits the symbols take
 */
export function codeLengths(frequencies: usize, count: u32, most: u32, lengths: usize, counts: usize): u32 {
  clear(lengths, (count + 15) & ~15);
  clear(counts, 64);
  const used = sortByFrequency(frequencies, count);
  if (used < 2) {
    // The used symbol, if any, and another one.
    const symbol: u32 = used == 1 ? get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, 0) & 0x1ff : 0;
    store<u8>(lengths + symbol, 1);
    store<u8>(lengths + (symbol == 0 ? 1 : 0), 1);
    put<u32>(counts, 16, 1, 2);
    return used == 1 ? get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, 0) >> 9 : 0;
  }
  mergeNodes(used);
  countDepths(used, most, counts);
  // The rarest symbols get the longest codes.
  let sorted: u32 = 0;
  let cost: u32 = 0;
  for (let length = most; length > 0; length--) {
    for (let left = get<u32>(counts, 16, length); left > 0; left--) {
      const node = get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, sorted++);
      store<u8>(lengths + (node & 0x1ff), <u8>length);
      cost += (node >> 9) * length;
    }
  }
  return cost;
}

/** Sorts the used symbols, as frequency * 512 + symbol, into NODE_SYMBOLS. Returns how many there are. */
function sortByFrequency(frequencies: usize, count: u32): u32 {
  clear(FREQUENCY_BUCKETS, (COMMON_FROM + 1) << 2);
  // Collect the used symbols in alphabet order, two at a time because most are unused. Each area of frequencies has an even length.
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < count; symbol += 2) {
    const two = load<u64>(frequencies + (symbol << 2));
    if (two == 0) continue;
    used = collect(used, <u32>two, symbol);
    used = collect(used, <u32>(two >> 32), symbol + 1);
  }
  let start: u32 = 0;
  let common: u32 = 0;
  for (let bucket: u32 = 1; bucket <= COMMON_FROM; bucket++) {
    const slot = FREQUENCY_BUCKETS + ((<usize>bucket) << 2);
    const size = load<u32>(slot);
    if (bucket == COMMON_FROM) common = start;
    store<u32>(slot, start);
    start += size;
  }
  for (let index: u32 = 0; index < used; index++) {
    const node = get<u32>(NODE_WEIGHTS, NODES, index);
    const slot = FREQUENCY_BUCKETS + ((<usize>min(node >> 9, COMMON_FROM)) << 2);
    const at = load<u32>(slot);
    store<u32>(slot, at + 1);
    put<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, at, node);
  }
  sortCommon(common, used);
  return used;
}

function collect(used: u32, frequency: u32, symbol: u32): u32 {
  if (frequency == 0) return used;
  const slot = FREQUENCY_BUCKETS + ((<usize>min(frequency, COMMON_FROM)) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  put<u32>(NODE_WEIGHTS, NODES, used, (frequency << 9) | symbol);
  return used + 1;
}

/** Sorts the symbols of the last bucket with Shell's method. */
function sortCommon(from: u32, to: u32): void {
  let gap: u32 = 1;
  while (gap * 3 < to - from) gap = gap * 3 + 1;
  for (; gap > 0; gap = gap / 3) {
    for (let i = from + gap; i < to; i++) {
      const value = get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, i);
      let j = i;
      while (j >= from + gap) {
        const other = get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, j - gap);
        if (other <= value) break;
        put<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, j, other);
        j -= gap;
      }
      put<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, j, value);
    }
  }
}

/** Builds the tree: first the leaves by weight, then the inner nodes in the order of their creation, which is also by weight. */
function mergeNodes(used: u32): void {
  for (let i: u32 = 0; i < used; i++) {
    put<u32>(NODE_WEIGHTS, NODES, i, get<u32>(NODE_SYMBOLS, LITLEN_SYMBOLS, i) >> 9);
  }
  let leaf: u32 = 0;
  let inner = used;
  const end = used * 2 - 1;
  for (let node = used; node < end; node++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const isLeaf =
        leaf < used &&
        (inner >= node || get<u32>(NODE_WEIGHTS, NODES, leaf) <= get<u32>(NODE_WEIGHTS, NODES, inner));
      const taken = isLeaf ? leaf++ : inner++;
      weight += get<u32>(NODE_WEIGHTS, NODES, taken);
      put<u32>(NODE_PARENTS, NODES, taken, node);
    }
    put<u32>(NODE_WEIGHTS, NODES, node, weight);
  }
}

/**
 * Counts the leaves at each depth by visiting the inner nodes from the root. An inner node takes one leaf from its depth and adds
 * two to the next. If that is too deep, a leaf higher up is split instead, which keeps the code complete.
 */
function countDepths(used: u32, most: u32, counts: usize): void {
  put<u32>(counts, 16, 1, 2);
  const root = used * 2 - 2;
  // The weights of inner nodes are not needed any more, so their space holds the depth.
  put<u32>(NODE_WEIGHTS, NODES, root, 0);
  for (let node = root - 1; node >= used; node--) {
    const depth = get<u32>(NODE_WEIGHTS, NODES, get<u32>(NODE_PARENTS, NODES, node)) + 1;
    put<u32>(NODE_WEIGHTS, NODES, node, depth);
    let split = min(depth, most - 1);
    while (get<u32>(counts, 16, split) == 0) split--;
    put<u32>(counts, 16, split, get<u32>(counts, 16, split) - 1);
    put<u32>(counts, 16, split + 1, get<u32>(counts, 16, split + 1) + 2);
  }
}

/** The position of the code length in a word. */
export const COUNT_SHIFT: u32 = 24;

/** Counts the codes of each length. */
export function countLengths(lengths: usize, count: u32, counts: usize): void {
  clear(counts, 64);
  // Most symbols are unused.
  for (let first: u32 = 0; first < count; first += 8) {
    if (load<u64>(lengths + first) == 0) continue;
    const end = min(first + 8, count);
    for (let symbol = first; symbol < end; symbol++) {
      const slot = counts + ((<usize>load<u8>(lengths + symbol)) << 2);
      store<u32>(slot, load<u32>(slot) + 1);
    }
  }
  put<u32>(counts, 16, 0, 0);
}

/** Assigns codes to the given lengths. The first bit to send is the lowest. The length is in the highest byte. Unused symbols get 0. */
export function assignCodes(lengths: usize, count: u32, counts: usize, codes: usize): void {
  clear(codes, ((count + 3) & ~3) << 2);
  let code: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    code = (code + get<u32>(counts, 16, length - 1)) << 1;
    put<u32>(NEXT_CODES, 16, length, reversed(code & 0xffff, length));
  }
  for (let first: u32 = 0; first < count; first += 8) {
    if (load<u64>(lengths + first) == 0) continue;
    const end = min(first + 8, count);
    for (let symbol = first; symbol < end; symbol++) {
      const length: u32 = load<u8>(lengths + symbol);
      if (length == 0) continue;
      const next = get<u32>(NEXT_CODES, 16, length);
      put<u32>(NEXT_CODES, 16, length, nextCode(next, length));
      store<u32>(codes + (symbol << 2), (length << COUNT_SHIFT) | next);
    }
  }
}

/** Returns the code after `code`, both with the first bit lowest. The last code has no successor. */
export function nextCode(code: u32, length: u32): u32 {
  const bit = (<u32>1) << (31 - clz(code ^ ((1 << length) - 1)));
  return (code & (bit - 1)) | bit;
}

function reversed(code: u32, length: u32): u32 {
  let v = code;
  v = ((v & 0x5555) << 1) | ((v >> 1) & 0x5555);
  v = ((v & 0x3333) << 2) | ((v >> 2) & 0x3333);
  v = ((v & 0x0f0f) << 4) | ((v >> 4) & 0x0f0f);
  v = ((v & 0x00ff) << 8) | (v >> 8);
  return v >> (16 - length);
}
