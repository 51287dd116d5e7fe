// A chunk of the stream, and views of the payloads in it, which are unmasked in place.
import { kernel } from '#kernels';
import { applyMask, unmaskShort, wordsOf, type MaskingKey } from './masking.ts';

/** The shortest chunk for which a view of words is created. For a shorter one, creating the view takes longer than it saves. */
const WORDS_FROM = 64;
/** The longest payload that is unmasked through the view of words. `applyMask()` is faster for a longer one. */
const WORDS_UP_TO = 1023;

/**
 * Keeps what the frames of a chunk have in common: its memory, the offset in it, and a view of words. Reading these properties of a
 * `Uint8Array` for each frame would be slow (benchmark scenario `echo-20x64`).
 */
export class Chunk {
  readonly bytes: Uint8Array;
  /** The original length of `bytes`, whose own length becomes 0 if the memory is detached. */
  readonly length: number;
  readonly #memory: ArrayBufferLike;
  readonly #offset: number;
  readonly #words: Int32Array | undefined;
  #isPinned = false;

  /** @param masked whether the payloads are masked */
  constructor(bytes: Uint8Array, masked: boolean) {
    this.bytes = bytes;
    const { buffer, byteOffset, length } = bytes;
    this.length = length;
    this.#memory = buffer;
    this.#offset = byteOffset;
    this.#words = masked && length >= WORDS_FROM ? wordsOf(buffer, byteOffset, length) : undefined;
  }

  /** Returns the bytes from `start` up to `end` (exclusive), without a copy. A `Buffer` on Node. */
  view(start: number, end: number): Uint8Array {
    if (end < this.length && !this.#isPinned) this.#pin();
    return kernel.viewOf(this.#memory, this.#offset + start, end - start);
  }

  /** Unmasks the payload from `start` up to `end` (exclusive) in place. Returns true if it is known to be ASCII. */
  unmask(start: number, end: number, key: MaskingKey): boolean {
    if (this.#words !== undefined && end - start <= WORDS_UP_TO) {
      return unmaskShort(this.bytes, this.#words, start, end, key);
    }
    applyMask(this.bytes, start, end, key);
    return false;
  }

  /** Prevents the transfer of memory that contains several frames: a transfer of one payload would detach the others. */
  #pin(): void {
    this.#isPinned = true;
    kernel.pin(this.#memory);
  }
}

/** The current chunk of a decoder that has nothing to read. */
export const NO_CHUNK = new Chunk(new Uint8Array(0), false);
