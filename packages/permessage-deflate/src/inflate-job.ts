// A message that is being inflated: its remaining input, its output so far, and its callback.
import { Buffer } from 'node:buffer';
import { inThisContext } from './async-context.ts';
import type { InflateError } from './inflate-error.ts';

/** Gives the message, before the call returns or later. */
export type InflateDone = (error: InflateError | null, data?: Buffer) => void;

const NOTHING = Buffer.alloc(0);
/** What was left off the end of the message (RFC 7692 §7.2.2, step 1). */
export const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);

/** Where a message and its tail are put side by side for as long as a call on the event loop takes. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** A message under way. While it waits to begin, it holds its compressed bytes and nothing else. */
export class InflateJob {
  /** Called once. */
  done: InflateDone;
  /** How long it came, in bytes. */
  readonly compressedLength: number;
  /** When it began to wait for the thread pool, if it did. */
  awaySince: number | undefined = undefined;
  /** The message as it came; undefined once it is certain that it is not begun again. */
  #message: Uint8Array | undefined;
  /** The input that has not been used. */
  #rest: Uint8Array = NOTHING;
  /** Whether the tail comes after the rest. */
  #owesTail = true;
  #hasBegun = false;
  #isDeferred = false;
  /** How many streams have ended before the rest. */
  streams = 0;
  /** How often an engine has been called. */
  calls = 0;
  /** How many bytes have come of it. */
  length = 0;
  readonly #limit: number;
  /** Most messages come in one chunk. */
  #first: Buffer = NOTHING;
  #chunks: Buffer[] | undefined = undefined;
  /** Where the chunks are put together, how many bytes and chunks have been. */
  #whole: Buffer | undefined = undefined;
  #joinedBytes = 0;
  #joinedChunks = 0;

  /** @param limit how long the message may be, in bytes; 0 = no limit */
  constructor(message: Uint8Array, limit: number, done: InflateDone) {
    this.#message = message;
    this.compressedLength = message.length;
    this.#limit = limit > 0 ? limit : Infinity;
    this.done = done;
  }

  /** Calls `done` in the async context of now: it is called later. */
  defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.done = inThisContext(this.done);
  }

  // The input.

  get rest(): Uint8Array {
    return this.#rest;
  }

  /** Whether some of it is inflated. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the limit has been passed. */
  get isOver(): boolean {
    return this.length > this.#limit;
  }

  /** Whether nothing is left to do. */
  get isComplete(): boolean {
    return this.isOver || (this.#rest.length === 0 && !this.#owesTail);
  }

  /** Makes the input of a call on the event loop: the message with its tail, in memory that the next call uses again. */
  beginHere(): void {
    const message = this.#message ?? NOTHING;
    const length = message.length + TAIL.length;
    this.#hasBegun = true;
    this.#owesTail = false;
    if (length > scratch.length) {
      this.#rest = Buffer.concat([message, TAIL], length);
      return;
    }
    scratch.set(message);
    scratch.set(TAIL, message.length);
    this.#rest = scratch.subarray(0, length);
  }

  /** Makes the input for the thread pool, unless it has begun: the message where it lies. */
  beginAway(): void {
    if (!this.#hasBegun) this.#rest = this.#message ?? NOTHING;
    this.#hasBegun = true;
    this.#message = undefined;
  }

  /** Discards the output. Until it begins again it holds only its compressed bytes. */
  restart(): void {
    this.#hasBegun = false;
    this.#owesTail = true;
    this.#rest = NOTHING;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.streams = 0;
    this.length = 0;
  }

  /** It waits after it has begun: copies the unread input, and keeps the output. */
  keepRest(): void {
    this.#rest = Buffer.from(this.#rest);
    this.#message = undefined;
  }

  /** Nobody waits for it any more: lets go of all bytes. */
  drop(): void {
    this.#message = undefined;
    this.#rest = NOTHING;
    this.#first = NOTHING;
    this.#chunks = undefined;
    this.#whole = undefined;
  }

  /** Goes on after the first `used` bytes of the rest. */
  advance(used: number): void {
    this.#rest = this.#rest.subarray(used);
  }

  /** Goes on with the tail, if that is all that is left. */
  takeTail(): boolean {
    if (this.#rest.length > 0 || !this.#owesTail) return false;
    this.#owesTail = false;
    this.#rest = TAIL;
    return true;
  }

  /** Ends the input if nothing is left but what stands after every message: the tail, and the byte before it (§7.2.3.4). */
  endAtTail(): boolean {
    if (this.#rest.length > (this.#owesTail ? 1 : TAIL.length + 1)) return false;
    this.#rest = NOTHING;
    this.#owesTail = false;
    return true;
  }

  // The output.

  /** Takes output; false once it is too much. */
  take(chunk: Buffer): boolean {
    this.length += chunk.length;
    if (this.isOver) return false;
    if (this.#first.length === 0) this.#first = chunk;
    else (this.#chunks ??= [this.#first]).push(chunk);
    return true;
  }

  /** Puts chunks together, about so many bytes of them; false if there are more. */
  join(bytes: number): boolean {
    const chunks = this.#chunks;
    if (chunks === undefined) return true;
    this.#whole ??= Buffer.allocUnsafe(this.length);
    const end = Math.min(this.length, this.#joinedBytes + bytes);
    while (this.#joinedBytes < end) {
      const chunk = chunks[this.#joinedChunks] as Buffer;
      this.#whole.set(chunk, this.#joinedBytes);
      this.#joinedBytes += chunk.length;
      // Its memory can be used again before the rest is copied.
      chunks[this.#joinedChunks++] = NOTHING;
    }
    return this.#joinedBytes === this.length;
  }

  /** The message. */
  data(): Buffer {
    if (this.#chunks !== undefined) {
      this.join(this.length);
      return this.#whole ?? NOTHING;
    }
    return holdsMuchMore(this.#first) ? Buffer.from(this.#first) : this.#first;
  }
}

/** Whether a short message would keep the engine's whole buffer alive, for as long as its user keeps it. */
function holdsMuchMore({ length, buffer }: Buffer): boolean {
  return buffer.byteLength > Buffer.poolSize && buffer.byteLength > 4 * length;
}
