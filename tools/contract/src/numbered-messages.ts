// Messages that both sides can generate. A seed determines the kind, size and bytes of each, so that none has to be stored.
import { Buffer } from 'node:buffer';
import { between, createRandom, pick, type Random } from './random.ts';

const BOUNDARIES = [0, 1, 125, 126, 127, 65535, 65536, 65537];
const MEBIBYTE = 1024 * 1024;

/** A random number from 0 to 1 selects the range of a size. These are the upper bounds of the first three ranges. */
const SMALL = 0.9;
const MEDIUM = 0.997;
const AROUND_64_KIB = 0.9998;

const POOL_SIZE = 4 * MEBIBYTE;
const INDEX_DIGITS = 8;

/** Groups of 4 bytes of UTF-8, with characters of each length. */
const TEXT_GROUPS = ['word', 'éü', '€x', '😀', 'a\u0000ß', '𝒳'];

export interface NumberedMessage {
  readonly index: number;
  readonly isBinary: boolean;
  /** Its bytes. Generating the next message overwrites them. */
  readonly bytes: Buffer;
  /** Where it is split into fragments; empty for most messages. */
  readonly cuts: readonly number[];
}

/** The messages of one direction, first to last. */
export class NumberedMessages {
  readonly #random: Random;
  readonly #binaryPool: Buffer;
  readonly #textPool: Buffer;
  readonly #scratch = Buffer.alloc(MEBIBYTE + 2);
  #index = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    const fill = createRandom(seed ^ 0x5eed);
    this.#binaryPool = Buffer.alloc(POOL_SIZE, 0).map(() => fill() * 256) as Buffer;
    this.#textPool = Buffer.from(
      Array.from({ length: POOL_SIZE / 4 }, () => pick(fill, TEXT_GROUPS)).join(''),
    );
  }

  /** The next one. */
  next(): NumberedMessage {
    const random = this.#random;
    const size = this.#nextSize();
    const isBinary = random() < 0.5;
    const bytes = this.#fill(size, isBinary);
    const cuts =
      random() < 0.02
        ? Array.from({ length: between(random, 1, 4) }, () => between(random, 0, size)).sort(ascending)
        : [];
    return { index: this.#index++, isBinary, bytes, cuts };
  }

  #nextSize(): number {
    const roll = this.#random();
    if (roll < SMALL) return pick(this.#random, BOUNDARIES.slice(0, 5)) + between(this.#random, 0, 2);
    if (roll < MEDIUM) return between(this.#random, 0, 4096);
    if (roll < AROUND_64_KIB) return pick(this.#random, BOUNDARIES.slice(5)) + between(this.#random, -1, 1);
    return MEBIBYTE + between(this.#random, -1, 1);
  }

  /** Bytes from a random position in the pool, starting with the index if there is room for it. */
  #fill(size: number, isBinary: boolean): Buffer {
    const target = this.#scratch.subarray(0, size);
    const start = between(this.#random, 0, (POOL_SIZE - this.#scratch.length) / 4) * 4;
    const whole = isBinary ? size : size - (size % 4);
    (isBinary ? this.#binaryPool : this.#textPool).copy(target, 0, start, start + whole);
    target.fill('.', whole);
    if (size >= INDEX_DIGITS) target.write(this.#index.toString(16).padStart(INDEX_DIGITS, '0'), 'latin1');
    return target;
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
