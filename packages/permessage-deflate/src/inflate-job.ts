// A message that is being inflated: its remaining input, its output so far, and its callback.
import { kernel } from './kernels/kernel.ts';
import type { InflateError } from './inflate-error.ts';

/** Receives the message (a `Buffer` on Node), synchronously or later. */
export type InflateDone = (error: InflateError | null, data?: Uint8Array) => void;

const NOTHING = new Uint8Array(0);
/** The end of the message that the sender removed (RFC 7692 §7.2.2, step 1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** How many bytes of a long message the engine gets per call. It copies them, and may stop long before their end. */
const GIVEN = 24 * 1024;
/** How many bytes could be inflated in the time that one byte of input takes if it has nothing but headers of blocks. */
const INPUT_WORK = 8;

/** A message to inflate. Until it begins, it holds only its compressed bytes. */
export class InflateJob {
  /** Called once. */
  done: InflateDone;
  /** The length of the compressed message in bytes. */
  readonly compressedLength: number;
  /** The compressed message. */
  #message: Uint8Array;
  /** The unused input, and the tail to read after it. */
  #rest: Uint8Array;
  #tail: Uint8Array = TAIL;
  #hasMore = false;
  #isDeferred = false;
  /** How many streams have ended before the unused input. */
  streams = 0;
  /** How many times the engine has been called. */
  calls = 0;
  /** The length of the output in bytes. */
  length = 0;
  /** How many bytes of input have been used. */
  #used = 0;
  readonly #limit: number;
  /** The first chunk. Most messages have no other. */
  #first: Uint8Array = NOTHING;
  #chunks: Uint8Array[] | undefined = undefined;
  /** The buffer that chunks are joined in, and how many bytes and chunks it holds. */
  #whole: Uint8Array | undefined = undefined;
  #joinedBytes = 0;
  #joinedChunks = 0;

  /** @param limit the longest output in bytes; 0 = no limit */
  constructor(message: Uint8Array, limit: number, done: InflateDone) {
    this.#message = message;
    this.#rest = message;
    this.compressedLength = message.length;
    this.#limit = limit > 0 ? Math.floor(limit) : Infinity;
    this.done = done;
  }

  /** Binds `done` to the current async context, because it will be called later. */
  defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.done = kernel.inThisContext(this.done);
  }

  /** All unused input, and the tail. */
  get whole(): { readonly data: Uint8Array; readonly tail: Uint8Array } {
    return { data: this.#rest, tail: this.#tail };
  }

  /** The next part of the input, for an engine that can continue. */
  get input(): { readonly data: Uint8Array; readonly tail: Uint8Array } {
    return this.#rest.length > GIVEN
      ? { data: this.#rest.subarray(0, GIVEN), tail: NOTHING }
      : { data: this.#rest, tail: this.#tail };
  }

  /** How many more bytes the message may produce. */
  get room(): number {
    return this.#limit - this.length;
  }

  /** The work so far, in inflated bytes. Input that produces little output also takes time. */
  get work(): number {
    return Math.max(this.length, this.#used * INPUT_WORK);
  }

  /** Whether all input is used and all output is taken. */
  get isComplete(): boolean {
    return this.#rest.length === 0 && this.#tail.length === 0 && !this.#hasMore;
  }

  /**
   * Continues after the first `used` bytes of the input.
   *
   * @param hasMore whether there is more output; it may come from input that has been used
   */
  advance(used: number, hasMore: boolean): void {
    this.#hasMore = hasMore;
    this.#used += used;
    const beyond = used - this.#rest.length;
    if (beyond > 0) this.#tail = this.#tail.subarray(beyond);
    this.#rest = beyond < 0 ? this.#rest.subarray(used) : NOTHING;
  }

  /** Ends the input if all that remains is the tail and the byte before it, which end every message (§7.2.3.4). */
  endAtTail(): boolean {
    if (this.#rest.length + this.#tail.length > TAIL.length + 1) return false;
    this.#rest = NOTHING;
    this.#tail = NOTHING;
    return true;
  }

  /** Discards the output, so that the job holds only its compressed bytes until it begins again. */
  restart(): void {
    this.#rest = this.#message;
    this.#tail = TAIL;
    this.#hasMore = false;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.streams = 0;
    this.length = 0;
    this.#used = 0;
  }

  /** Releases all bytes after the connection has closed. */
  drop(): void {
    this.#message = NOTHING;
    this.#rest = NOTHING;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.#whole = undefined;
  }

  take(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.#first.length === 0) this.#first = chunk;
    else if (chunk.length > 0) (this.#chunks ??= [this.#first]).push(chunk);
  }

  /** Joins about `bytes` more bytes of chunks. Returns false if some remain. */
  join(bytes: number): boolean {
    const chunks = this.#chunks;
    if (chunks === undefined) return true;
    this.#whole ??= kernel.allocate(this.length);
    const end = Math.min(this.length, this.#joinedBytes + bytes);
    while (this.#joinedBytes < end) {
      const chunk = chunks[this.#joinedChunks] as Uint8Array;
      this.#whole.set(chunk, this.#joinedBytes);
      this.#joinedBytes += chunk.length;
      // Release the memory of the chunk before the rest is copied.
      chunks[this.#joinedChunks++] = NOTHING;
    }
    return this.#joinedBytes === this.length;
  }

  /** Returns the message. */
  data(): Uint8Array {
    if (this.#chunks === undefined) return this.#first.length === 0 ? kernel.allocate(0) : this.#first;
    this.join(this.length);
    return this.#whole as Uint8Array;
  }
}
