// Decompressing messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Buffer } from 'node:buffer';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { EnginePool } from './engine-pool.ts';
import { HISTORY_LIMIT } from './history.ts';
import { inflateError, inflateErrorOf, type InflateError } from './inflate-error.ts';
import { InflateJob } from './inflate-job.ts';
import { ZlibEngine } from './zlib-engine.ts';

/** What was left off the end of the message (§7.2.2, step 1). */
const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);
const EMPTY = Buffer.alloc(0);
/** On the spot, input is inflated in slices of this size, in bytes: a slice can make a thousand times as much, 4 MiB, at most. */
const SLICE = 4096;
/** Once so much has come of a message on the spot, in bytes, the rest is inflated on the thread pool. */
const MAX_ON_THE_SPOT = 256 * 1024;
/** How many streams, each ended by a block with BFINAL, one message may be made of: a stream costs more than its bytes. */
const MAX_STREAMS = 8;

/** The base-2 logarithm of the largest window. */
const LARGEST_WINDOW = 15;

/** Where a message and its tail are put side by side for as long as a call on the spot takes. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** Gives the message, before the call returns or later. */
export type InflateDone = (error: InflateError | null, data?: Buffer) => void;

/** How {@link Inflater}s work: connections that agreed on the same share it. */
export interface InflaterOptions {
  /** The engines that are lent. */
  readonly pool: EnginePool;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The base-2 logarithm of the window of a context, 9 to 15. */
  readonly windowBits: number;
  /** The size of the buffers that a context writes to, in bytes; undefined: zlib's. */
  readonly chunkSize: number | undefined;
  /** The longest message, in bytes; 0 = no limit. */
  readonly maxPayload: number;
  /** From how many compressed bytes on a message is inflated on the thread pool. */
  readonly offThreadFrom: number;
  readonly concurrency: ConcurrencyLimit;
}

/** The decompressor of one connection's messages. */
export class Inflater {
  readonly #options: InflaterOptions;
  /** The context, or what was made or lent for the message under way. */
  #engine: ZlibEngine | undefined = undefined;
  /** Whether the message under way is the first of a connection with context takeover, for which an engine is lent too. */
  #isFirst: boolean;
  /** That message, where it was so short that the engine went back: what the context is made from. */
  #first: Buffer | undefined = undefined;
  #closed = false;

  constructor(options: InflaterOptions) {
    this.#options = options;
    // What is lent has the largest window, and no dictionary.
    this.#isFirst =
      options.takeover &&
      options.windowBits === LARGEST_WINDOW &&
      options.pool.options.dictionary === undefined;
  }

  /** Makes the original of a whole message. The next call has to wait until this one is done. */
  decompress(message: Uint8Array, done: InflateDone): void {
    if (message.length === 0) {
      // A peer whose zlib had nothing to flush sends this for an empty message. With the tail alone zlib would be left in the middle
      // of a block, and take the next message for its rest.
      done(null, EMPTY);
      return;
    }
    const { maxPayload, offThreadFrom } = this.#options;
    if (message.length < offThreadFrom) this.#run(new InflateJob(withTail(message), maxPayload), done);
    else this.#queue(new InflateJob(Buffer.concat([message, TAIL]), maxPayload), done);
  }

  /** Frees the context, and ends what is under way. */
  close(): void {
    this.#closed = true;
    this.#discardEngine();
    this.#first = undefined;
  }

  #run(job: InflateJob, done: InflateDone): void {
    try {
      while (!job.isComplete) {
        if (job.length > MAX_ON_THE_SPOT) {
          // In the middle of its stream: it keeps its engine while it waits.
          job.rest = Buffer.from(job.rest);
          this.#queue(job, done);
          return;
        }
        const slice = job.rest.length > SLICE ? job.rest.subarray(0, SLICE) : job.rest;
        job.take(this.#currentEngine().run(slice));
        this.#advance(job, slice.length);
      }
    } catch (error) {
      this.#fail(inflateErrorOf(error as Error), done);
      return;
    }
    this.#finish(job, done);
  }

  /** Inflates on the thread pool, when there is a place. A connection that closes meanwhile is told nothing. */
  #queue(job: InflateJob, done: InflateDone): void {
    this.#options.concurrency.run((next) => {
      this.#runLater(job, next, (error, data) => {
        try {
          done(error, data);
        } finally {
          next();
        }
      });
    });
  }

  #runLater(job: InflateJob, giveUp: () => void, done: InflateDone): void {
    if (this.#closed) {
      giveUp();
      return;
    }
    if (job.isComplete) {
      this.#finish(job, done);
      return;
    }
    const { length } = job.rest;
    let engine: ZlibEngine;
    try {
      engine = this.#currentEngine();
    } catch (error) {
      this.#fail(inflateErrorOf(error as Error), done);
      return;
    }
    engine.runLater(
      job.rest,
      (chunk) => job.take(chunk),
      (error) => {
        if (this.#closed) {
          giveUp();
          return;
        }
        if (error !== null) {
          this.#fail(inflateErrorOf(error), done);
          return;
        }
        try {
          this.#advance(job, length);
        } catch (breach) {
          this.#fail(inflateErrorOf(breach as Error), done);
          return;
        }
        this.#runLater(job, giveUp, done);
      },
    );
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
    // The next stream begins with an empty window, whatever was said before: to forget would bring back what the context was made from.
    if (engine.isClosed || this.#options.takeover) this.#discardEngine();
    else engine.forget();
    this.#isFirst = false;
    if (job.rest.length <= TAIL.length + 1) job.rest = job.rest.subarray(job.rest.length);
    else if (++job.streams === MAX_STREAMS) throw new Error('too many streams');
  }

  #finish(job: InflateJob, done: InflateDone): void {
    if (job.isOver) {
      this.#fail(inflateError('TOO_LONG'), done);
      return;
    }
    const data = job.data();
    this.#endMessage(data);
    done(null, data);
  }

  /** Without context takeover the engine goes back; with it, it stays, but for a first message that is short. */
  #endMessage(data: Buffer): void {
    const { takeover, pool } = this.#options;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (takeover && !(isFirst && data.length <= HISTORY_LIMIT)) return;
    if (this.#engine !== undefined) pool.takeBack(this.#engine);
    this.#engine = undefined;
    // A copy: the message belongs to whoever gets it.
    if (takeover) this.#first = Buffer.from(data);
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
    return (this.#engine ??= this.#takeEngine());
  }

  #takeEngine(): ZlibEngine {
    const { takeover, pool, windowBits, chunkSize } = this.#options;
    if (!takeover || this.#isFirst) return pool.lend();
    const dictionary = this.#first;
    this.#first = undefined;
    const own = { windowBits, chunkSize, ...(dictionary?.length ? { dictionary } : {}) };
    return ZlibEngine.inflate({ ...pool.options, ...own });
  }
}

/** A message with its tail, for a call on the spot: in memory that the next call uses again. */
function withTail(message: Uint8Array): Buffer {
  const length = message.length + TAIL.length;
  if (length > scratch.length) return Buffer.concat([message, TAIL], length);
  scratch.set(message);
  scratch.set(TAIL, message.length);
  return scratch.subarray(0, length);
}
