// Decompressing messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Buffer } from 'node:buffer';
import type { ConcurrencyLimit } from './concurrency.ts';
import { inflatePool } from './engine-pool.ts';
import { inflateError, type InflateError } from './inflate-error.ts';
import { ZlibEngine, type EngineOptions } from './zlib-engine.ts';

/** What was left off the end of the message (§7.2.2, step 1). */
const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);
/** On the spot, input is inflated in slices of this size, in bytes: a slice can make a thousand times as much, 1 MiB, at most. */
const SLICE = 1024;
/** Once so much has come of a message on the spot, in bytes, the rest is inflated on the thread pool. */
const MAX_ON_THE_SPOT = 256 * 1024;
/** How many streams, each ended by a block with BFINAL, one message may be made of: a stream costs more than its bytes. */
const MAX_STREAMS = 8;

/** Gives the message, before the call returns or later. */
export type InflateDone = (error: InflateError | null, data?: Buffer) => void;

/** How an {@link Inflater} works. */
export interface InflaterOptions {
  readonly engine: EngineOptions;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The longest message, in bytes; 0 = no limit. */
  readonly maxPayload: number;
  /** From how many compressed bytes on a message is inflated on the thread pool. */
  readonly offThreadFrom: number;
  readonly concurrency: ConcurrencyLimit;
}

/** The decompressor of one connection's messages. */
export class Inflater {
  readonly #options: InflaterOptions;
  #engine: ZlibEngine | undefined = undefined;
  #closed = false;

  constructor(options: InflaterOptions) {
    this.#options = options;
  }

  /** Makes the original of a whole message. The next call has to wait until this one is done. */
  decompress(message: Uint8Array, done: InflateDone): void {
    const job = new InflateJob(Buffer.concat([message, TAIL]), this.#options.maxPayload);
    if (message.length < this.#options.offThreadFrom) this.#run(job, done);
    else this.#queue(job, done);
  }

  /** Frees the context, and ends what is under way. */
  close(): void {
    this.#closed = true;
    this.#discardEngine();
  }

  #run(job: InflateJob, done: InflateDone): void {
    try {
      while (!job.isComplete) {
        if (job.length > MAX_ON_THE_SPOT) {
          this.#queue(job, done);
          return;
        }
        const slice = job.rest.subarray(0, SLICE);
        const engine = this.#currentEngine();
        engine.run(slice, job.take);
        this.#advance(job, slice.length);
      }
    } catch (error) {
      this.#fail(inflateError('CORRUPT', error as Error), done);
      return;
    }
    this.#finish(job, done);
  }

  /** Inflates on the thread pool, when there is a place. */
  #queue(job: InflateJob, done: InflateDone): void {
    this.#options.concurrency.run((next) => {
      this.#runLater(job, (error, data) => {
        next();
        done(error, data);
      });
    });
  }

  #runLater(job: InflateJob, done: InflateDone): void {
    if (job.isComplete) {
      this.#finish(job, done);
      return;
    }
    const { length } = job.rest;
    this.#currentEngine().runLater(job.rest, job.take, (error) => {
      if (this.#closed) {
        done(null, job.data());
        return;
      }
      if (error !== null) {
        this.#fail(inflateError('CORRUPT', error), done);
        return;
      }
      try {
        this.#advance(job, length);
      } catch (breach) {
        this.#fail(inflateError('CORRUPT', breach as Error), done);
        return;
      }
      this.#runLater(job, done);
    });
  }

  /**
   * Goes on behind what was used of the last `given` bytes. Where that is not all, a block with BFINAL has ended the stream
   * (§7.2.3.4), and what is left begins another, unless it is only what stands behind every message.
   *
   * @throws `Error` when there are too many streams
   */
  #advance(job: InflateJob, given: number): void {
    const engine = this.#currentEngine();
    job.rest = job.rest.subarray(engine.consumed);
    if (engine.consumed === given || job.isOver) return;
    if (engine.isClosed) this.#engine = undefined;
    else engine.reset();
    if (job.rest.length <= TAIL.length + 1) job.rest = job.rest.subarray(job.rest.length);
    else if (++job.streams === MAX_STREAMS) throw new Error('too many streams');
  }

  #finish(job: InflateJob, done: InflateDone): void {
    if (job.isOver) {
      this.#fail(inflateError('TOO_LONG'), done);
      return;
    }
    const engine = this.#engine;
    if (!this.#options.takeover && engine !== undefined) {
      this.#engine = undefined;
      inflatePool.takeBack(engine, this.#options.engine);
    }
    done(null, job.data());
  }

  /** The engine is in the middle of something that will never end: the next user gets another. */
  #fail(error: InflateError, done: InflateDone): void {
    this.#discardEngine();
    done(error);
  }

  #discardEngine(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  #currentEngine(): ZlibEngine {
    const { takeover, engine } = this.#options;
    this.#engine ??= takeover ? ZlibEngine.inflate(engine) : inflatePool.lend(engine);
    return this.#engine;
  }
}

/** A message under way: what is still to be inflated, and what has come of it so far. */
class InflateJob {
  /** The input that has not been used. */
  rest: Buffer;
  /** How many streams have ended before the rest. */
  streams = 0;
  /** How many bytes have come of it. */
  length = 0;
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];

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
  readonly take = (chunk: Buffer): boolean => {
    this.length += chunk.length;
    if (this.isOver) return false;
    this.#chunks.push(chunk);
    return true;
  };

  data(): Buffer {
    const [only = Buffer.alloc(0)] = this.#chunks;
    return this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.length) : only;
  }
}
