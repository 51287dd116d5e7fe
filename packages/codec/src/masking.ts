// Masking (RFC 6455 §5.3): applying a masking key, in place or while copying, and creating keys.
import { kernel } from '#kernels';

/**
 * A masking key as a 32-bit integer. Its lowest byte is the first octet of the key on the wire. So octet `i` of the payload is XORed with
 * byte `i mod 4` of the integer.
 */
export type MaskingKey = number;

/** Up to this length a loop over bytes is faster than creating a view of words. */
const SHORT = 96;

/** Reads a masking key from four octets, `bytes[offset]` to `bytes[offset + 3]`. */
export function readMaskingKey(bytes: Uint8Array, offset: number): MaskingKey {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  );
}

/** Writes the four octets of a masking key at `offset`. */
export function writeMaskingKey(target: Uint8Array, offset: number, key: MaskingKey): void {
  target[offset] = key;
  target[offset + 1] = key >>> 8;
  target[offset + 2] = key >>> 16;
  target[offset + 3] = key >>> 24;
}

/** Returns the key for the payload from octet `count` on: the key rotated by `count` octets. */
export function rotateMaskingKey(key: MaskingKey, count: number): MaskingKey {
  const bits = (count & 3) << 3;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/**
 * Masks or unmasks `bytes` in place, from `start` up to `end` (exclusive). The payload starts at `start`. For a later part of a payload,
 * pass the {@link rotateMaskingKey | rotated} key.
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: MaskingKey): void {
  if (key === 0) return;
  const length = end - start;
  if (length <= SHORT) maskBytes(bytes, start, end, bytes, start, key);
  else if (length >= kernel.nativeMaskFrom && kernel.nativeMask) kernel.nativeMask(bytes, start, end, key);
  else maskWords(bytes, start, end, key);
}

/**
 * Copies `source` from `start` up to `end` (exclusive) to `target` at `offset`, and masks or unmasks it. The two must not overlap.
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

/** Like {@link copyMasked}. Works in place if source and target are the same. */
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
  // Four octets in each step, which is faster than one (benchmark scenario `echo-20x64`).
  for (const last = end - 3; from < last; from += 4, to += 4) {
    target[to] = (source[from] as number) ^ first;
    target[to + 1] = (source[from + 1] as number) ^ second;
    target[to + 2] = (source[from + 2] as number) ^ third;
    target[to + 3] = (source[from + 3] as number) ^ fourth;
  }
  for (let bits = 0; from < end; from++, to++, bits += 8)
    target[to] = (source[from] as number) ^ (key >>> bits);
}

/** Masks through a view of 64-bit words, four of them in each step, which is much faster for long payloads. */
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
  // Whole words do not rotate the key.
  const tail = aligned + count * 8;
  maskBytes(bytes, tail, end, bytes, tail, rest);
}

/** Returns a view of 32-bit words for {@link unmaskShort}, or `undefined` if the engine or the memory does not support one. */
export function wordsOf(memory: ArrayBufferLike, offset: number, length: number): Int32Array | undefined {
  if (((offset & 3) | BIG_ENDIAN) !== 0) return undefined;
  return new Int32Array(memory, offset, length >> 2);
}

/**
 * Unmasks a short payload in place, and finds out whether it is ASCII. It uses a view of words that serves all frames of a chunk, and is
 * faster than {@link applyMask} and `isUtf8` (benchmark scenarios `echo-64x16` and `echo-20x64`).
 *
 * @param words the result of {@link wordsOf} for all of `bytes`
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
  let rotated = key;
  for (; (i & 3) !== 0 && i < end; i++) {
    seen |= (bytes[i] as number) ^= rotated & 0xff;
    rotated = (rotated >>> 8) | (rotated << 24);
  }
  for (const last = end - 3; i < last; i += 4) seen |= (words[i >> 2] as number) ^= rotated;
  for (; i < end; i++, rotated >>>= 8) seen |= (bytes[i] as number) ^= rotated & 0xff;
  return (seen & HIGH_BITS) === 0;
}

/** The highest bit of each of four octets, which is clear in ASCII. */
const HIGH_BITS = 0x80808080;
/** 1 if the first octet of a word is its highest (big-endian), otherwise 0. */
const BIG_ENDIAN = new Uint8Array(Uint16Array.of(0x0100).buffer)[0] as number;

/** The shift of each octet in a 32-bit word, in bits. 0, 8, 16, 24 on a little-endian engine, the reverse on a big-endian one. */
const shifts = new Uint8Array(Uint32Array.of(0x18100800).buffer);

/** Returns the key twice in a 64-bit word, in the byte order of the engine. */
function wideKey(key: MaskingKey): bigint {
  const word =
    ((key & 0xff) << (shifts[0] as number)) |
    (((key >>> 8) & 0xff) << (shifts[1] as number)) |
    (((key >>> 16) & 0xff) << (shifts[2] as number)) |
    ((key >>> 24) << (shifts[3] as number));
  // Converted through memory, because intermediate values of type `bigint` are slow.
  halves[0] = word;
  halves[1] = word;
  return whole[0] as bigint;
}

const halves = new Int32Array(2);
const whole = new BigUint64Array(halves.buffer);

/** How many keys are requested from the system at a time, because each request is slow. */
const POOL_SIZE = 2048;
const pool = new Int32Array(POOL_SIZE);
let drawn = POOL_SIZE;

/**
 * Returns a new masking key from the secure random numbers of the system. §5.3: "The masking key MUST be derived from a strong source of
 * entropy". Each key is returned only once.
 */
export function randomMaskingKey(): MaskingKey {
  if (drawn === POOL_SIZE) {
    kernel.randomize(pool);
    drawn = 0;
  }
  const key = pool[drawn] as number;
  // A used key must not stay in memory.
  pool[drawn++] = 0;
  return key;
}
