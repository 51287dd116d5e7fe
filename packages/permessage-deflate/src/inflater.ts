// Decompressing messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Buffer } from 'node:buffer';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { EnginePool } from './engine-pool.ts';
import type { InflateBudget } from './inflate-budget.ts';
import { hasMadeTooMuch, inflateError, inflateErrorOf, type InflateError } from './inflate-error.ts';
import { InflateJob, type InflateDone } from './inflate-job.ts';
import { PoolStay } from './pool-stay.ts';
import { now } from './scheduling.ts';
import type { Counter } from './statistics.ts';
import type { TurnShare } from './turn-share.ts';
import { ZlibEngine } from './zlib-engine.ts';

const EMPTY = Buffer.alloc(0);
/** A message whose output on the event loop exceeds this many bytes moves to the thread pool. */
export const MAX_HERE = 256 * 1024;
/**
 * With a context that has to be kept, input is inflated on the event loop in slices of these sizes, in bytes, because inflating can
 * stop only between calls. A slice can produce {@link MAX_RATIO} times its length: the short first slice detects such a message early.
 */
const FIRST_SLICE = 1024;
const SLICE = 2048;
/** The most that DEFLATE makes of a byte: 258 bytes of two bits (RFC 1951 §3.2.5). */
const MAX_RATIO = 1032;
/** How much of a long message is put together in one turn, in bytes. */
const JOINED_AT_ONCE = 256 * 1024;
/** How many streams, each ended by a block with BFINAL, one message may be made of: a stream costs more than its bytes. */
const MAX_STREAMS = 8;

/** The base-2 logarithm of the largest window. */
const LARGEST_WINDOW = 15;
/** Its size in bytes. */
const WINDOW = 1 << LARGEST_WINDOW;

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
  readonly turn: TurnShare;
  readonly budget: InflateBudget;
}

/** What becomes of a message on the event loop. */
type Outcome = 'complete' | 'long' | InflateError;

/** The decompressor of one connection's messages. */
export class Inflater {
  readonly #options: InflaterOptions;
  readonly #counter: Counter;
  /** The context, or what was made or lent for the message under way. */
  #engine: ZlibEngine | undefined = undefined;
  /** Whether the engine goes back to the pool. */
  #isLent = false;
  /** Whether the engine, if it is reset, begins with what the connection has said: with a dictionary of its own. */
  #beginsWithFirst = false;
  /** Whether the message under way is the first of a connection with context takeover, for which an engine is lent too. */
  #isFirst: boolean;
  /** That message, where it was so short that the engine went back: what the context is made from. */
  #first: Buffer | undefined = undefined;
  /** The message that waits or is on the thread pool. */
  #waiting: InflateJob | undefined = undefined;
  #closed = false;

  /** @param counter counts what is inflated, and the time that it takes */
  constructor(options: InflaterOptions, counter: Counter) {
    this.#options = options;
    this.#counter = counter;
    // What is lent has the largest window, and no dictionary.
    this.#isFirst =
      options.takeover &&
      options.windowBits === LARGEST_WINDOW &&
      options.pool.options.dictionary === undefined;
  }

  /**
   * Makes the original of a whole message. The next call has to wait until this one is done. The bytes are read until then, unless
   * the call completes synchronously.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    if (message.length === 0) {
      // A peer whose zlib had nothing to flush sends this for an empty message. With the tail alone zlib would be left in the middle
      // of a block, and take the next message for its rest.
      this.#counter.addMessage();
      done(null, EMPTY);
      return;
    }
    const { maxPayload, offThreadFrom, turn } = this.#options;
    const job = new InflateJob(message, maxPayload, done);
    if (message.length >= offThreadFrom || !this.#mayBegin(message.length)) this.#waitForPlace(job);
    else if (turn.isOpen) this.#inflateHere(job);
    else this.#waitForTurn(job);
  }

  /** Frees the context, and ends what is under way. */
  close(): void {
    this.#closed = true;
    this.#discardEngine();
    this.#first = undefined;
    this.#waiting?.drop();
  }

  /**
   * Whether a message may begin on the event loop. One that points back to others cannot begin again when it becomes long: it waits
   * for the thread pool with its output. There are never more of those than places.
   */
  #mayBegin(length: number): boolean {
    const { takeover, concurrency } = this.#options;
    return !takeover || this.#isFirst || concurrency.mayBegin || length * MAX_RATIO <= MAX_HERE;
  }

  #waitForTurn(job: InflateJob): void {
    this.#defer(job);
    this.#options.turn.wait(() => {
      if (this.#closed) return;
      // Other messages may have begun meanwhile.
      if (this.#mayBegin(job.compressedLength)) this.#inflateHere(job);
      else this.#waitForPlace(job);
    });
  }

  /** Inflates on the thread pool, when there is a place. A connection that closes meanwhile is told nothing. */
  #waitForPlace(job: InflateJob, hasBegun = false): void {
    this.#defer(job);
    job.awaySince = now();
    this.#options.concurrency.run((next) => {
      this.#inflateAway(job, next);
    }, hasBegun);
  }

  #defer(job: InflateJob): void {
    job.defer();
    this.#waiting = job;
  }

  // On the event loop.

  #inflateHere(job: InflateJob): void {
    // Nothing that was said before is in its window.
    const canBeginAgain = !this.#options.takeover || this.#isFirst;
    const began = now();
    job.beginHere();
    const outcome = this.#runHere(job);
    this.#counter.addTime(now() - began, 'event loop');
    // A call that failed does not say how much it produced.
    this.#options.turn.spend(outcome === 'complete' ? job.length : MAX_HERE + job.length, job.calls);
    if (outcome === 'complete') this.#finish(job);
    else if (outcome !== 'long') this.#fail(outcome, job);
    else if (canBeginAgain) this.#beginAgain(job);
    else {
      job.keepRest();
      this.#options.budget.add(job.length);
      this.#waitForPlace(job, true);
    }
  }

  #runHere(job: InflateJob): Outcome {
    const { maxPayload } = this.#options;
    const mayBeLong = maxPayload <= 0 || maxPayload > MAX_HERE;
    try {
      while (!job.isComplete) {
        if (job.length > MAX_HERE) return 'long';
        const size = job.calls++ === 0 ? FIRST_SLICE : SLICE;
        const engine = this.#currentEngine();
        // Only a lent engine stops by itself when it makes too much. After a stream has ended, another engine may be at work.
        const isWhole = this.#isLent || job.rest.length <= size;
        const slice = isWhole ? job.rest : job.rest.subarray(0, size);
        job.take(engine.run(slice));
        this.#advance(job, slice.length);
      }
      return 'complete';
    } catch (error) {
      return mayBeLong && hasMadeTooMuch(error) ? 'long' : inflateErrorOf(error as Error);
    }
  }

  /** A message that has become long waits as it came: what has come of it costs little to make again, and much to keep. */
  #beginAgain(job: InflateJob): void {
    job.restart();
    this.#returnEngine();
    this.#isFirst = this.#options.takeover;
    this.#waitForPlace(job);
  }

  // On the thread pool.

  #inflateAway(job: InflateJob, next: () => void): void {
    const stay: PoolStay = new PoolStay(job, this.#options.budget, next, () => {
      this.#runAway(job, stay);
    });
    if (this.#closed) stay.end();
    else stay.begin();
  }

  /** Inflates one stream, which most messages are, and goes on with the next. */
  #runAway(job: InflateJob, stay: PoolStay): void {
    if (this.#closed) {
      stay.end();
      return;
    }
    job.beginAway();
    try {
      // The tail is not worth a trip to the thread pool, nor a copy of the message with it.
      if (!job.isOver && job.takeTail()) {
        stay.take(this.#currentEngine().run(job.rest));
        this.#advance(job, job.rest.length);
      }
      if (!job.isComplete) {
        this.#runStream(job, stay);
        return;
      }
    } catch (error) {
      stay.end(() => this.#fail(inflateErrorOf(error as Error), job));
      return;
    }
    this.#join(job, stay);
  }

  #runStream(job: InflateJob, stay: PoolStay): void {
    const { length } = job.rest;
    stay.run(this.#currentEngine(), (error) => {
      if (this.#closed) {
        stay.end();
        return;
      }
      try {
        if (error !== null) throw error;
        this.#advance(job, length);
      } catch (failure) {
        stay.end(() => this.#fail(inflateErrorOf(failure as Error), job));
        return;
      }
      this.#runAway(job, stay);
    });
  }

  /** Puts the message together and delivers it: a long one by several turns, as fresh memory costs time. */
  #join(job: InflateJob, stay: PoolStay): void {
    const { turn } = this.#options;
    if (turn.isOpen && (job.isOver || job.length <= JOINED_AT_ONCE)) {
      turn.spend(job.length, 1);
      this.#joinMore(job, stay);
      return;
    }
    turn.wait(() => {
      turn.spend(Math.min(job.length, JOINED_AT_ONCE), 1);
      if (this.#closed) stay.end();
      else this.#joinMore(job, stay);
    });
  }

  #joinMore(job: InflateJob, stay: PoolStay): void {
    let isWhole: boolean;
    try {
      isWhole = job.isOver || job.join(JOINED_AT_ONCE);
    } catch (error) {
      // There is no memory for the whole message.
      stay.end(() => this.#fail(inflateErrorOf(error as Error), job));
      return;
    }
    if (isWhole) stay.end(() => this.#finish(job));
    else this.#join(job, stay);
  }

  // Streams and engines.

  /**
   * Goes on after what was used of the last `given` bytes. Where that is not all, a block with BFINAL has ended the stream
   * (§7.2.3.4), and what is left begins another, unless it is only what stands after every message.
   *
   * @throws `Error` when there are too many streams
   */
  #advance(job: InflateJob, given: number): void {
    const engine = this.#currentEngine();
    job.advance(engine.consumed);
    if (engine.consumed === given || job.isOver) return;
    this.#endStream(engine);
    if (!job.endAtTail() && ++job.streams === MAX_STREAMS) throw new Error('too many streams');
  }

  /** The next stream begins with an empty window, whatever was said before. Engines are reset for it: a peer can end many streams. */
  #endStream(engine: ZlibEngine): void {
    if (engine.isClosed || this.#beginsWithFirst) this.#discardEngine();
    else if (this.#isFirst) this.#returnEngine();
    else engine.forget();
    this.#isFirst = false;
  }

  #finish(job: InflateJob): void {
    if (job.isOver) {
      this.#fail(inflateError('TOO_LONG'), job);
      return;
    }
    this.#waiting = undefined;
    const data = job.data();
    this.#endMessage(data);
    this.#countTimeAway(job);
    this.#counter.addBytes(data.length, job.compressedLength);
    this.#counter.addMessage();
    job.done(null, data);
  }

  #countTimeAway({ awaySince }: InflateJob): void {
    if (awaySince !== undefined) this.#counter.addTime(now() - awaySince, 'thread pool');
  }

  /** What was lent goes back. With context takeover the next message gets a context of its own, made from the first one. */
  #endMessage(data: Buffer): void {
    const { takeover } = this.#options;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (takeover && !isFirst) return;
    this.#returnEngine();
    // A copy: the message belongs to whoever gets it.
    if (takeover) this.#first = Buffer.from(data.subarray(-WINDOW));
  }

  /** The engine is in the middle of something that will never end: the next user gets another. */
  #fail(error: InflateError, job: InflateJob): void {
    this.#waiting = undefined;
    this.#discardEngine();
    this.#countTimeAway(job);
    job.done(error);
  }

  #returnEngine(): void {
    if (this.#isLent && this.#engine !== undefined) {
      this.#options.pool.takeBack(this.#engine);
      this.#engine = undefined;
    } else this.#discardEngine();
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
    this.#isLent = !takeover || this.#isFirst;
    this.#beginsWithFirst = false;
    if (this.#isLent) return pool.lend();
    const dictionary = this.#first;
    this.#first = undefined;
    this.#beginsWithFirst = dictionary !== undefined && dictionary.length > 0;
    // Without an output limit: exceeding it would destroy the context. It gets slices instead.
    const own = {
      windowBits,
      chunkSize,
      maxOutputLength: undefined,
      ...(this.#beginsWithFirst ? { dictionary } : {}),
    };
    return ZlibEngine.inflate({ ...pool.options, ...own });
  }
}
