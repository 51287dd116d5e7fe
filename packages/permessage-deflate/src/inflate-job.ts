// A message that is being inflated: its remaining input, its output so far, and its callback.
import { kernel } from '#kernels';
import type { InflateError } from './inflate-error.ts';

/** Gives the message, before the call returns or later. On Node it is a `Buffer`. */
export type InflateDone = (error: InflateError | null, data?: Uint8Array) => void;

const NOTHING = new Uint8Array(0);
/** What was left off the end of the message (RFC 7692 §7.2.2, step 1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** How much of a long message is given to the engine at once, in bytes: it copies what it is given, and may stop long before the end. */
const GIVEN = 24 * 1024;

/** A message under way. While it waits to begin, it holds its compressed bytes and nothing else. */
export class InflateJob {
  /** Called once. */
  done: InflateDone;
  /** How long it came, in bytes. */
  readonly compressedLength: number;
  /** The message as it came. */
  #message: Uint8Array;
  /** The input that has not been used, and what follows it. */
  #rest: Uint8Array;
  #tail: Uint8Array = TAIL;
  #hasMore = false;
  #isDeferred = false;
  /** How many streams have ended before the rest. */
  streams = 0;
  /** How often the engine has been called. */
  calls = 0;
  /** How many bytes have come of it. */
  length = 0;
  readonly #limit: number;
  /** Most messages come in one chunk. */
  #first: Uint8Array = NOTHING;
  #chunks: Uint8Array[] | undefined = undefined;
  /** Where the chunks are put together, how many bytes and chunks have been. */
  #whole: Uint8Array | undefined = undefined;
  #joinedBytes = 0;
  #joinedChunks = 0;

  /** @param limit how long the message may be, in bytes; 0 = no limit */
  constructor(message: Uint8Array, limit: number, done: InflateDone) {
    this.#message = message;
    this.#rest = message;
    this.compressedLength = message.length;
    this.#limit = limit > 0 ? limit : Infinity;
    this.done = done;
  }

  /** Calls `done` in the async context of now: it is called later. */
  defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.done = kernel.inThisContext(this.done);
  }

  // The input.

  /** All of the remaining input, and what follows it. */
  get whole(): { readonly data: Uint8Array; readonly tail: Uint8Array } {
    return { data: this.#rest, tail: this.#tail };
  }

  /** The next part of it, for an engine that goes on where it stopped. */
  get input(): { readonly data: Uint8Array; readonly tail: Uint8Array } {
    return this.#rest.length > GIVEN
      ? { data: this.#rest.subarray(0, GIVEN), tail: NOTHING }
      : { data: this.#rest, tail: this.#tail };
  }

  /** How many more bytes the message may have. */
  get room(): number {
    return this.#limit - this.length;
  }

  /** Whether nothing is left to do. */
  get isComplete(): boolean {
    return this.#rest.length === 0 && this.#tail.length === 0 && !this.#hasMore;
  }

  /**
   * Goes on after the first `used` bytes of the input.
   *
   * @param hasMore whether there is more output than was made; it may come of input that has been used
   */
  advance(used: number, hasMore: boolean): void {
    this.#hasMore = hasMore;
    const beyond = used - this.#rest.length;
    if (beyond > 0) this.#tail = this.#tail.subarray(beyond);
    this.#rest = beyond < 0 ? this.#rest.subarray(used) : NOTHING;
  }

  /** Ends the input if nothing is left but what stands after every message: the tail, and the byte before it (§7.2.3.4). */
  endAtTail(): boolean {
    if (this.#rest.length + this.#tail.length > TAIL.length + 1) return false;
    this.#rest = NOTHING;
    this.#tail = NOTHING;
    return true;
  }

  /** Discards the output. Until it begins again it holds only its compressed bytes. */
  restart(): void {
    this.#rest = this.#message;
    this.#tail = TAIL;
    this.#hasMore = false;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.streams = 0;
    this.length = 0;
  }

  /** Nobody waits for it any more: lets go of all bytes. */
  drop(): void {
    this.#message = NOTHING;
    this.#rest = NOTHING;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.#whole = undefined;
  }

  // The output.

  take(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.#first.length === 0) this.#first = chunk;
    else if (chunk.length > 0) (this.#chunks ??= [this.#first]).push(chunk);
  }

  /** Puts chunks together, about so many bytes of them; false if there are more. */
  join(bytes: number): boolean {
    const chunks = this.#chunks;
    if (chunks === undefined) return true;
    this.#whole ??= kernel.allocate(this.length);
    const end = Math.min(this.length, this.#joinedBytes + bytes);
    while (this.#joinedBytes < end) {
      const chunk = chunks[this.#joinedChunks] as Uint8Array;
      this.#whole.set(chunk, this.#joinedBytes);
      this.#joinedBytes += chunk.length;
      // Its memory can be used again before the rest is copied.
      chunks[this.#joinedChunks++] = NOTHING;
    }
    return this.#joinedBytes === this.length;
  }

  /** The message. */
  data(): Uint8Array {
    if (this.#chunks === undefined) return this.#first.length === 0 ? kernel.allocate(0) : this.#first;
    this.join(this.length);
    return this.#whole as Uint8Array;
  }
}
