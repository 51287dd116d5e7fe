// Decompressing messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Inflater as Stream, inflate, type Inflated } from '@framewire/deflate';
import { kernel } from '#kernels';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { InflateBudget } from './inflate-budget.ts';
import { inflateError, inflateErrorOf, type InflateError } from './inflate-error.ts';
import { InflateJob, type InflateDone } from './inflate-job.ts';
import { InflateStay } from './inflate-stay.ts';
import type { Counter } from './statistics.ts';
import type { TurnShare } from './turn-share.ts';

/** A message whose output exceeds this many bytes is inflated in turns with others. */
export const MAX_HERE = 256 * 1024;
/** How much one of those makes before the next takes its turn, in bytes: what the engine makes at once. */
const STEP = 64 * 1024;
/** The most that DEFLATE makes of a byte: 258 bytes of two bits (RFC 1951 §3.2.5). */
const MAX_RATIO = 1032;
/** How much of a long message is put together in one turn, in bytes. */
const JOINED_AT_ONCE = 256 * 1024;
/** How many streams, each ended by a block with BFINAL, one message may be made of: a stream costs more than its bytes. */
const MAX_STREAMS = 8;

/** How {@link Inflater}s work: connections that agreed on the same share it. */
export interface InflaterOptions {
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The base-2 logarithm of the window of a context. What stands alone may have the largest. */
  readonly windowBits: number;
  /** What the first message may point back to; without takeover, every message. */
  readonly dictionary: Uint8Array | undefined;
  /** The longest message, in bytes; 0 = no limit. */
  readonly maxPayload: number;
  /** From how many compressed bytes on a message is inflated in turns with others from the start. */
  readonly inTurnsFrom: number;
  readonly concurrency: ConcurrencyLimit;
  readonly turn: TurnShare;
  readonly budget: InflateBudget;
}

/** The decompressor of one connection's messages. */
export class Inflater {
  readonly #options: InflaterOptions;
  readonly #counter: Counter;
  /** With takeover the context of the connection, from its first message on; otherwise that of a message in turns. */
  #context: Stream | undefined = undefined;
  /** The message that waits, or is inflated in turns. */
  #waiting: InflateJob | undefined = undefined;
  #closed = false;

  /** @param counter counts what is inflated, and the time that it takes */
  constructor(options: InflaterOptions, counter: Counter) {
    this.#options = options;
    this.#counter = counter;
  }

  /**
   * Makes the original of a whole message. The next call has to wait until this one is done. The bytes are read until then, unless
   * the call completes synchronously.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    if (message.length === 0) {
      // A peer whose zlib had nothing to flush sends this for an empty message. With the tail alone the stream would be left in the
      // middle of a block, and take the next message for its rest.
      this.#counter.addMessage();
      done(null, kernel.allocate(0));
      return;
    }
    const { maxPayload, turn } = this.#options;
    const job = new InflateJob(message, maxPayload, done);
    if (!this.#mayBegin(message.length)) this.#waitForPlace(job);
    else if (turn.isOpen) this.#inflateHere(job);
    else this.#waitForTurn(job);
  }

  /** Frees the context, and ends what is under way. */
  close(): void {
    this.#closed = true;
    this.#closeContext();
    this.#waiting?.drop();
  }

  /**
   * Whether a message may begin at once. One that points back to others cannot begin again when it becomes long: it waits for a place
   * with its output. There are never more of those than places.
   */
  #mayBegin(length: number): boolean {
    const { takeover, concurrency, inTurnsFrom } = this.#options;
    if (length >= inTurnsFrom) return false;
    return !takeover || concurrency.mayBegin || length * MAX_RATIO <= MAX_HERE;
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

  /** Inflates in turns, when there is a place. A connection that closes meanwhile is told nothing. */
  #waitForPlace(job: InflateJob, hasBegun = false): void {
    this.#defer(job);
    const { concurrency, budget } = this.#options;
    concurrency.run((next) => {
      const stay = new InflateStay(job, budget, next, (each) => {
        this.#goOn(job, each);
      });
      if (this.#closed) stay.end();
      else stay.begin();
    }, hasBegun);
  }

  #defer(job: InflateJob): void {
    job.defer();
    this.#waiting = job;
  }

  // All of it, here and now.

  #inflateHere(job: InflateJob): void {
    const { takeover, turn, budget } = this.#options;
    const began = kernel.now();
    let error: InflateError | undefined;
    let isLong = false;
    try {
      const context = takeover ? this.#contextOf() : undefined;
      while (!isLong && !job.isComplete) {
        const most = MAX_HERE - job.length;
        isLong = most <= 0 || this.#inflateSome(job, context, most);
      }
    } catch (cause) {
      error = inflateErrorOf(cause as Error);
    }
    this.#counter.addTime(kernel.now() - began, 'event loop');
    turn.spend(job.length, job.calls);
    if (error !== undefined) this.#fail(error, job);
    else if (!isLong) this.#finish(job);
    else if (takeover) {
      budget.add(job.length);
      this.#waitForPlace(job, true);
    } else {
      // It waits as it came: what has come of it costs little to make again, and much to keep.
      job.restart();
      this.#waitForPlace(job);
    }
  }

  /**
   * Inflates the next part of the input, up to `most` bytes of output.
   *
   * @param context undefined for a message that stands alone and is inflated by one call for each of its streams
   * @returns whether it stopped because there is more output than that
   * @throws what {@link inflateErrorOf} knows
   */
  #inflateSome(job: InflateJob, context: Stream | undefined, most: number): boolean {
    const { room } = job;
    const limit = Math.min(most, room);
    const { data, tail } = context === undefined ? job.whole : job.input;
    job.calls++;
    const made: Inflated =
      context === undefined
        ? inflate(data, { limit, tail, dictionary: this.#options.dictionary, allocate: kernel.allocate })
        : context.inflate(data, limit, tail);
    job.take(made.data);
    job.advance(made.consumed, made.stopped === 'limit');
    if (made.stopped === 'end') this.#endStream(job, context);
    if (made.stopped !== 'limit') return false;
    if (job.room === 0) throw inflateError('TOO_LONG');
    return true;
  }

  /** A block with BFINAL ends the stream (§7.2.3.4). What is left begins another, with an empty window. */
  #endStream(job: InflateJob, context: Stream | undefined): void {
    context?.reset();
    if (!job.endAtTail() && ++job.streams === MAX_STREAMS) throw new Error('too many streams');
  }

  // In turns with others.

  #goOn(job: InflateJob, stay: InflateStay): void {
    const { turn } = this.#options;
    if (turn.isOpen) this.#inflateInTurn(job, stay);
    else {
      turn.wait(() => {
        this.#inflateInTurn(job, stay);
      });
    }
  }

  /** Makes one step, and goes on as long as nobody else waits and the turn has time. */
  #inflateInTurn(job: InflateJob, stay: InflateStay): void {
    const { turn } = this.#options;
    do {
      if (this.#closed) {
        stay.end();
        return;
      }
      const { length } = job;
      const began = kernel.now();
      try {
        this.#inflateSome(job, this.#contextOf(), STEP);
      } catch (error) {
        stay.add(job.length - length);
        stay.end(() => this.#fail(inflateErrorOf(error as Error), job));
        return;
      } finally {
        this.#counter.addTime(kernel.now() - began, 'event loop');
      }
      turn.spend(job.length - length, 1);
      stay.add(job.length - length);
      if (job.isComplete) {
        this.#join(job, stay);
        return;
      }
      if (!stay.mayGoOn) return;
    } while (turn.isOpen);
    this.#goOn(job, stay);
  }

  /** Puts the message together and delivers it: a long one by several turns, as fresh memory costs time. */
  #join(job: InflateJob, stay: InflateStay): void {
    const { turn } = this.#options;
    if (turn.isOpen && job.length <= JOINED_AT_ONCE) {
      this.#joinMore(job, stay);
      return;
    }
    turn.wait(() => {
      turn.spend(Math.min(job.length, JOINED_AT_ONCE), 1);
      if (this.#closed) stay.end();
      else this.#joinMore(job, stay);
    });
  }

  #joinMore(job: InflateJob, stay: InflateStay): void {
    let isWhole: boolean;
    try {
      isWhole = job.join(JOINED_AT_ONCE);
    } catch (error) {
      // There is no memory for the whole message.
      stay.end(() => this.#fail(inflateErrorOf(error as Error), job));
      return;
    }
    if (isWhole) stay.end(() => this.#finish(job));
    else this.#join(job, stay);
  }

  // What comes of it.

  #finish(job: InflateJob): void {
    this.#waiting = undefined;
    if (!this.#options.takeover) this.#closeContext();
    const data = job.data();
    this.#counter.addBytes(data.length, job.compressedLength);
    this.#counter.addMessage();
    job.done(null, data);
  }

  /** The context is in the middle of something that will never end. */
  #fail(error: InflateError, job: InflateJob): void {
    this.#waiting = undefined;
    this.#closeContext();
    job.done(error);
  }

  #contextOf(): Stream {
    if (this.#context !== undefined) return this.#context;
    const { takeover, windowBits, dictionary } = this.#options;
    const own = takeover ? { windowBits } : {};
    return (this.#context = new Stream({ ...own, dictionary, allocate: kernel.allocate }));
  }

  #closeContext(): void {
    this.#context?.close();
    this.#context = undefined;
  }
}
