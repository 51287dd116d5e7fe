// Inflates messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Inflater as Stream, inflate, type Inflated } from '@framewire/deflate';
import { kernel } from './kernels/kernel.ts';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { InflateBudget } from './inflate-budget.ts';
import { inflateError, inflateErrorOf, type InflateError } from './inflate-error.ts';
import { InflateJob, type InflateDone } from './inflate-job.ts';
import { InflateSlot } from './inflate-slot.ts';
import type { Counter } from './statistics.ts';
import type { TurnShare } from './turn-share.ts';

/** A message whose output exceeds this many bytes is inflated in turns with others. */
export const MAX_HERE = 256 * 1024;
/** How many bytes such a message produces before the next one takes its turn: what the engine produces in one call. */
const STEP = 64 * 1024;
/** The highest ratio of DEFLATE: two bits stand for up to 258 bytes (RFC 1951 §3.2.5). */
const MAX_RATIO = 1032;
/** How many bytes of a long message are joined in one turn. */
const JOINED_AT_ONCE = 256 * 1024;
/** How many streams (each ends with a BFINAL block) one message may contain. Even a short stream costs time. */
const MAX_STREAMS = 8;

/** The settings of an {@link Inflater}. Connections with the same agreement share them. */
export interface InflaterOptions {
  /** Whether a message may refer back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The base-2 logarithm of the window of a context. Messages that stand alone get the largest. */
  readonly windowBits: number;
  /** Bytes that the first message, or without takeover every message, may refer back to. */
  readonly dictionary: Uint8Array | undefined;
  /** The longest message, in bytes; 0 = no limit. */
  readonly maxPayload: number;
  /** Messages of at least this many compressed bytes are inflated in turns with others from the start. */
  readonly inTurnsFrom: number;
  readonly concurrency: ConcurrencyLimit;
  readonly turn: TurnShare;
  readonly budget: InflateBudget;
}

/** Inflates the messages of one connection. */
export class Inflater {
  readonly #options: InflaterOptions;
  readonly #counter: Counter;
  /** With takeover: the context of the connection, created for its first message. Without: that of a message inflated in turns. */
  #context: Stream | undefined = undefined;
  /** The message that waits or is inflated in turns. */
  #waiting: InflateJob | undefined = undefined;
  #closed = false;

  /** @param counter counts what is inflated, and the time spent on it */
  constructor(options: InflaterOptions, counter: Counter) {
    this.#options = options;
    this.#counter = counter;
  }

  /**
   * Inflates a whole message. The next call must wait until this one is done. Unless the call completes synchronously, it reads the
   * bytes until `done` is called.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    if (message.length === 0) {
      // A peer whose zlib had nothing to flush sends this for an empty message. After the tail alone, the stream would be in the middle
      // of a block, and would read the next message as the rest of it.
      this.#counter.addMessage();
      done(null, kernel.allocate(0));
      return;
    }
    const { maxPayload, turn } = this.#options;
    const job = new InflateJob(message, maxPayload, done);
    if (!this.#mayBegin(message.length)) this.#waitForSlot(job);
    else if (turn.isOpen) this.#inflateHere(job);
    else this.#waitForTurn(job);
  }

  /** Frees the context, and abandons the current message. */
  close(): void {
    this.#closed = true;
    this.#closeContext();
    this.#waiting?.drop();
  }

  /**
   * Whether a message may begin immediately. With takeover, a message that turns out to be long cannot begin again, so it waits for a
   * slot together with its output. `concurrency.mayBegin` allows only as many such messages as there are slots.
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
      // Other messages may have begun in the meantime.
      if (this.#mayBegin(job.compressedLength)) this.#inflateHere(job);
      else this.#waitForSlot(job);
    });
  }

  /** Inflates in turns once there is a slot. If the connection closes before that, `done` is not called. */
  #waitForSlot(job: InflateJob, hasBegun = false): void {
    this.#defer(job);
    const { concurrency, budget } = this.#options;
    concurrency.run((next) => {
      const slot = new InflateSlot(job, budget, next, (each) => {
        this.#resume(job, each);
      });
      if (this.#closed) slot.end();
      else slot.begin();
    }, hasBegun);
  }

  #defer(job: InflateJob): void {
    job.defer();
    this.#waiting = job;
  }

  // Synchronously.

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
    turn.spend(job.work, job.calls);
    if (error !== undefined) this.#fail(error, job);
    else if (!isLong) this.#finish(job);
    else if (takeover) {
      budget.add(job.length);
      this.#waitForSlot(job, true);
    } else {
      // Keep only the compressed bytes. Producing the output again costs little, and keeping it costs much memory.
      job.restart();
      this.#waitForSlot(job);
    }
  }

  /**
   * Inflates the next part of the input, up to `most` bytes of output.
   *
   * @param context `undefined` for a message that stands alone, which takes one call per stream
   * @returns whether it stopped because there is more output than that
   * @throws an error that {@link inflateErrorOf} converts
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

  /** Starts a new stream after a BFINAL block (§7.2.3.4). */
  #endStream(job: InflateJob, context: Stream | undefined): void {
    context?.reset();
    if (!job.endAtTail() && ++job.streams === MAX_STREAMS)
      throw inflateError('CORRUPT', undefined, 'too many streams');
  }

  // In turns with other messages.

  #resume(job: InflateJob, slot: InflateSlot): void {
    const { turn } = this.#options;
    if (turn.isOpen) this.#inflateInTurn(job, slot);
    else {
      turn.wait(() => {
        this.#inflateInTurn(job, slot);
      });
    }
  }

  /** Runs one step, and more while no other message waits and the turn has time. */
  #inflateInTurn(job: InflateJob, slot: InflateSlot): void {
    const { turn } = this.#options;
    do {
      if (this.#closed) {
        slot.end();
        return;
      }
      const { length, work } = job;
      const began = kernel.now();
      try {
        this.#inflateSome(job, this.#contextOf(), STEP);
      } catch (error) {
        slot.add(job.length - length);
        slot.end(() => this.#fail(inflateErrorOf(error as Error), job));
        return;
      } finally {
        this.#counter.addTime(kernel.now() - began, 'event loop');
      }
      turn.spend(job.work - work, 1);
      slot.add(job.length - length);
      if (job.isComplete) {
        this.#join(job, slot);
        return;
      }
      if (!slot.mayRun) return;
    } while (turn.isOpen);
    this.#resume(job, slot);
  }

  /** Joins the chunks and delivers the message. A long one takes several turns, because new memory takes time to fill. */
  #join(job: InflateJob, slot: InflateSlot): void {
    const { turn } = this.#options;
    if (turn.isOpen && job.length <= JOINED_AT_ONCE) {
      this.#joinMore(job, slot);
      return;
    }
    turn.wait(() => {
      turn.spend(Math.min(job.length, JOINED_AT_ONCE), 1);
      if (this.#closed) slot.end();
      else this.#joinMore(job, slot);
    });
  }

  #joinMore(job: InflateJob, slot: InflateSlot): void {
    let isWhole: boolean;
    try {
      isWhole = job.join(JOINED_AT_ONCE);
    } catch (error) {
      // There is not enough memory for the whole message.
      slot.end(() => this.#fail(inflateErrorOf(error as Error), job));
      return;
    }
    if (isWhole) slot.end(() => this.#finish(job));
    else this.#join(job, slot);
  }

  // Results.

  #finish(job: InflateJob): void {
    this.#waiting = undefined;
    if (!this.#options.takeover) this.#closeContext();
    const data = job.data();
    this.#counter.addBytes(data.length, job.compressedLength);
    this.#counter.addMessage();
    job.done(null, data);
  }

  /** Closes the context, because its stream will never be complete. */
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
