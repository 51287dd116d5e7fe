// Masking (RFC 6455 §5.3): applying a masking key, in place and while copying, and where keys come from.
import { kernel } from '#kernels';

/**
 * A masking key as the 32-bit integer whose lowest byte is the key's first octet on the wire, so that
 * octet `i` of the payload is XORed with byte `i mod 4` of the integer.
 */
export type MaskingKey = number;

/** Up to this length a loop over bytes beats making a view of words (measured: 64 to 128 bytes). */
const SHORT = 96;

/** The masking key in four octets, `bytes[offset]` to `bytes[offset + 3]`. */
export function readMaskingKey(bytes: Uint8Array, offset: number): MaskingKey {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  );
}

/** Writes the masking key's four octets at `offset`. */
export function writeMaskingKey(target: Uint8Array, offset: number, key: MaskingKey): void {
  target[offset] = key;
  target[offset + 1] = key >>> 8;
  target[offset + 2] = key >>> 16;
  target[offset + 3] = key >>> 24;
}

/** The key for the octets from octet `count` of the payload on: the key turned by `count` octets. */
export function rotateMaskingKey(key: MaskingKey, count: number): MaskingKey {
  const bits = (count & 3) << 3;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/**
 * Masks or unmasks in place: `bytes[start]`, the first octet of the payload, to before `bytes[end]`.
 * For the rest of a payload give the {@link rotateMaskingKey | rotated} key.
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: MaskingKey): void {
  if (key === 0) return;
  const length = end - start;
  if (length <= SHORT) maskBytes(bytes, start, end, bytes, start, key);
  else if (length >= kernel.nativeMaskFrom && kernel.nativeMask) kernel.nativeMask(bytes, start, end, key);
  else maskWords(bytes, start, end, key);
}

/**
 * Copies `source` from `start` to before `end` to `target` at `offset`, masking or unmasking on the way.
 * The two must not overlap.
 */
export function copyMasked(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
  key: MaskingKey,
): void {
  const length = end - start;
  if (length > SHORT) {
    target.set(start === 0 && end === source.length ? source : kernel.view(source, start, end), offset);
    applyMask(target, offset, offset + length, key);
    return;
  }
  maskBytes(source, start, end, target, offset, key);
}

/** As {@link copyMasked}; in place where source and target are the same. */
function maskBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
  key: MaskingKey,
): void {
  const first = key & 0xff;
  const second = (key >>> 8) & 0xff;
  const third = (key >>> 16) & 0xff;
  const fourth = key >>> 24;
  let from = start;
  let to = offset;
  // Four octets a step: 1.6 times as fast as one at 20 bytes, 2.2 times at 64, measured.
  for (const last = end - 3; from < last; from += 4, to += 4) {
    target[to] = (source[from] as number) ^ first;
    target[to + 1] = (source[from + 1] as number) ^ second;
    target[to + 2] = (source[from + 2] as number) ^ third;
    target[to + 3] = (source[from + 3] as number) ^ fourth;
  }
  for (let bits = 0; from < end; from++, to++, bits += 8)
    target[to] = (source[from] as number) ^ (key >>> bits);
}

/** Eight octets at a time through a view of 64-bit words, four of them a step: 8 times as fast at 1 MiB. */
function maskWords(bytes: Uint8Array, start: number, end: number, key: MaskingKey): void {
  const aligned = start + (-(bytes.byteOffset + start) & 7);
  maskBytes(bytes, start, aligned, bytes, start, key);
  const rest = rotateMaskingKey(key, aligned - start);
  const count = (end - aligned) >>> 3;
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset + aligned, count);
  const wide = wideKey(rest);
  let i = 0;
  for (const last = count - 3; i < last; i += 4) {
    (words[i] as bigint) ^= wide;
    (words[i + 1] as bigint) ^= wide;
    (words[i + 2] as bigint) ^= wide;
    (words[i + 3] as bigint) ^= wide;
  }
  for (; i < count; i++) (words[i] as bigint) ^= wide;
  // Whole words do not turn the key.
  const behind = aligned + count * 8;
  maskBytes(bytes, behind, end, bytes, behind, rest);
}

/** `length` bytes from `offset` on as 32-bit words, for {@link unmaskShort}; undefined where engine or memory do not allow it. */
export function wordsOf(memory: ArrayBufferLike, offset: number, length: number): Int32Array | undefined {
  if (((offset & 3) | BIG_ENDIAN) !== 0) return undefined;
  return new Int32Array(memory, offset, length >> 2);
}

/**
 * Unmasks a short payload in place, four octets at a time through a view that serves all frames of a chunk, and looks on the way
 * whether it is ASCII: an echo of 16 text frames of 64 bytes in a chunk takes 0.6 times
 * as long as with {@link applyMask} and a call of `isUtf8`, and one of 64 frames of 20 bytes 0.75 times (in JavaScript, Node 20).
 *
 * @param words what {@link wordsOf} gives for all of `bytes`
 * @returns whether all octets are ASCII
 */
export function unmaskShort(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  key: MaskingKey,
): boolean {
  let i = start;
  let seen = 0;
  let turned = key;
  for (; (i & 3) !== 0 && i < end; i++) {
    seen |= (bytes[i] as number) ^= turned & 0xff;
    turned = (turned >>> 8) | (turned << 24);
  }
  for (const last = end - 3; i < last; i += 4) seen |= (words[i >> 2] as number) ^= turned;
  for (; i < end; i++, turned >>>= 8) seen |= (bytes[i] as number) ^= turned & 0xff;
  return (seen & HIGH_BITS) === 0;
}

/** The bit that no ASCII octet has, in each of four. */
const HIGH_BITS = 0x80808080;
/** 1 where the first octet of a word is its highest, else 0. */
const BIG_ENDIAN = new Uint8Array(Uint16Array.of(0x0100).buffer)[0] as number;

/** By how many bits each octet is shifted in a 32-bit word of the engine's byte order: 0, 8, 16, 24 or the reverse. */
const shifts = new Uint8Array(Uint32Array.of(0x18100800).buffer);

/** The key twice over, as the word that the engine's byte order makes of its octets. */
function wideKey(key: MaskingKey): bigint {
  const word =
    ((key & 0xff) << (shifts[0] as number)) |
    (((key >>> 8) & 0xff) << (shifts[1] as number)) |
    (((key >>> 16) & 0xff) << (shifts[2] as number)) |
    ((key >>> 24) << (shifts[3] as number));
  // Put together as a `bigint` it takes 30 to 50 ns more, for those in between.
  halves[0] = word;
  halves[1] = word;
  return whole[0] as bigint;
}

const halves = new Int32Array(2);
const whole = new BigUint64Array(halves.buffer);

/** How many keys are drawn from the system at a time: one call costs as much as hundreds of keys. */
const POOL_SIZE = 2048;
const pool = new Int32Array(POOL_SIZE);
let drawn = POOL_SIZE;

/**
 * A fresh masking key from the system's secure random numbers: "The masking key MUST be derived from a
 * strong source of entropy" (§5.3). Each key is given out once.
 */
export function randomMaskingKey(): MaskingKey {
  if (drawn === POOL_SIZE) {
    kernel.randomize(pool);
    drawn = 0;
  }
  const key = pool[drawn] as number;
  // A key that was used has no business in memory.
  pool[drawn++] = 0;
  return key;
}
