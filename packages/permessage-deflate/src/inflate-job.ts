// A message that is being inflated: what is still to be read, and what has come of it.
import { Buffer } from 'node:buffer';

const NOTHING = Buffer.alloc(0);

/** A message under way. */
export class InflateJob {
  /** The input that has not been used. */
  rest: Buffer;
  /** How many streams have ended before the rest. */
  streams = 0;
  /** How many bytes have come of it. */
  length = 0;
  readonly #limit: number;
  /** Most messages come in one chunk. */
  #first: Buffer = NOTHING;
  #chunks: Buffer[] | undefined = undefined;

  /** @param limit how long the message may be, in bytes; 0 = no limit */
  constructor(input: Buffer, limit: number) {
    this.rest = input;
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** Whether the limit has been passed. */
  get isOver(): boolean {
    return this.length > this.#limit;
  }

  /** Whether nothing is left to do. */
  get isComplete(): boolean {
    return this.isOver || this.rest.length === 0;
  }

  /** Takes output; false once it is too much. */
  take(chunk: Buffer): boolean {
    this.length += chunk.length;
    if (this.isOver) return false;
    if (this.#first.length === 0) this.#first = chunk;
    else (this.#chunks ??= [this.#first]).push(chunk);
    return true;
  }

  /** The message so far. */
  data(): Buffer {
    if (this.#chunks !== undefined) return Buffer.concat(this.#chunks, this.length);
    return holdsMuchMore(this.#first) ? Buffer.from(this.#first) : this.#first;
  }
}

/** Whether a short message would keep the engine's whole buffer alive, for as long as its user keeps it. */
function holdsMuchMore({ length, buffer }: Buffer): boolean {
  return buffer.byteLength > Buffer.poolSize && buffer.byteLength > 4 * length;
}
