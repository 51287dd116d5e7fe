// Random changes to a kept input.
import { between, pick, type Random } from '@framewire/contract/random';

/** Bytes at which parsers branch: ends of ranges, delimiters, the first bytes of frames and of UTF-8 sequences. */
const TURNING_POINTS = [
  0x00, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3d, 0x5c, 0x7d, 0x7e, 0x7f, 0x80,
  0x81, 0x82, 0x88, 0x89, 0x8a, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xfe, 0xff,
];

/** The longest input, in bytes. */
export const LONGEST_INPUT = 128 * 1024;

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const mutations: readonly Mutation[] = [
  function flipABit(bytes, random) {
    return changed(bytes, random, (byte) => byte ^ (1 << between(random, 0, 7)));
  },
  function setAByte(bytes, random) {
    return changed(bytes, random, () => pick(random, TURNING_POINTS));
  },
  function incrementOrDecrement(bytes, random) {
    return changed(bytes, random, (byte) => byte + pick(random, [-1, 1]));
  },
  function insert(bytes, random) {
    const inserted = Uint8Array.from({ length: between(random, 1, 4) }, () => pick(random, TURNING_POINTS));
    return spliced(bytes, between(random, 0, bytes.length), 0, inserted);
  },
  function remove(bytes, random) {
    return spliced(bytes, between(random, 0, bytes.length), between(random, 1, 8), new Uint8Array(0));
  },
  function repeat(bytes, random) {
    const start = between(random, 0, bytes.length);
    return spliced(bytes, start, 0, bytes.subarray(start, start + between(random, 1, 64)));
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, between(random, 0, bytes.length));
  },
  function continueWithAnother(bytes, random, other) {
    return spliced(
      bytes,
      between(random, 0, bytes.length),
      bytes.length,
      other.subarray(between(random, 0, other.length)),
    );
  },
];

/** An input with one to four changes. One kind of change replaces its end with a part of `other`. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let mutated = bytes;
  for (let count = between(random, 1, 4); count > 0; count--)
    mutated = pick(random, mutations)(mutated, random, other);
  return mutated.subarray(0, LONGEST_INPUT);
}

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (copy.length === 0) return copy;
  // Choices and headers are at the start, so half of the changes are made there.
  const at = between(random, 0, (random() < 0.5 ? Math.min(16, copy.length) : copy.length) - 1);
  copy[at] = change(copy[at] as number);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, count: number, inserted: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + count)]);
}
