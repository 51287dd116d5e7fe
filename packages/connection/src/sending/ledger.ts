// The account of what waits to be written to one connection, and the limits on it. Counting has no side effects.
import type { Duplex } from 'node:stream';
import { DEFAULTS, type ConnectionOptions } from '../options.ts';
import { lostError, type ReadyState } from '../ready-state.ts';
import { setImmediate } from '../scheduling.ts';
import { Admission } from './admission.ts';
import { Backlog } from './backlog.ts';
import { EMPTY } from './payload.ts';
import type { SendCallback } from './send-callback.ts';
import { writerFor, type StreamWriter } from './stream-writer.ts';

export interface LedgerObserver {
  /** The waiting bytes were above the high-water mark, and no longer are. */
  drained(): void;
}

/**
 * The bytes that a connection has accepted and not yet passed to the kernel. They wait in three places: the frames gathered
 * this turn, the send queue, and the buffer of the stream.
 *
 * Frames gathered for a TCP or Unix socket that has nothing else to write do not count, because the kernel would accept them if they were
 * written immediately. For every other stream they count.
 */
export class Ledger {
  readonly stream: Duplex;
  /** The limits on waiting bytes, and the other options of the connection. */
  readonly options: ConnectionOptions;
  readonly #observer: LedgerObserver;
  /** The bytes of the frames gathered this turn. */
  #gathered = 0;
  /** Created when bytes have to wait for the first time. */
  #backlog: Backlog | undefined = undefined;
  /** Created only if there is a limit. */
  #admission: Admission | undefined = undefined;

  constructor(stream: Duplex, options: ConnectionOptions, observer: LedgerObserver) {
    this.stream = stream;
    this.options = options;
    this.#observer = observer;
  }

  /** @internal How to write to the stream. Not remembered, because a program may replace the methods of the stream at any time. */
  get writer(): StreamWriter {
    return writerFor(this.stream);
  }

  /** How many bytes wait. */
  get waiting(): number {
    return this.gathered + this.stream.writableLength + this.queued;
  }

  private get gathered(): number {
    if (this.#gathered === 0) return 0;
    return this.stream.writableLength === 0 && this.writer.reachesKernel ? 0 : this.#gathered;
  }

  private get queued(): number {
    return this.#backlog === undefined ? 0 : this.#backlog.queued;
  }

  private get backlog(): Backlog {
    return (this.#backlog ??= new Backlog());
  }

  /** Returns whether more bytes wait than the high-water mark. If so, makes sure that a call of `drained` follows. */
  needsDrain(): boolean {
    if (!(this.waiting > this.mark)) return false;
    if (!this.backlog.isAboveMark) {
      // The program itself has written to the stream.
      this.backlog.isAboveMark = true;
      this.settle();
    }
    return true;
  }

  private get mark(): number {
    return this.options.highWaterMark ?? DEFAULTS.highWaterMark;
  }

  /**
   * Whether a frame may be sent: not while the peer has left more than `maxBufferedAmount` bytes unread. Two kinds of bytes do not count:
   *
   * - those that the stream was given in this turn of the event loop or the one before, because the peer has had no chance to read them
   * - those in the send queue, because this end still has to read or compress them
   *
   * With `onBufferFull: 'drop'`, the decision on the first fragment of a message applies to the whole message, because the peer must not
   * get only a part of it.
   *
   * @param part a message, or a fragment of one; undefined for other frames
   */
  admits(part: { readonly fin: boolean } | undefined): boolean {
    if (this.limit <= 0) return true;
    const admission = (this.#admission ??= new Admission());
    const isFull = this.stream.writableLength - admission.recent.count() > this.limit;
    return this.options.onBufferFull === 'drop' ? admission.admits(part, isFull) : !isFull;
  }

  private get limit(): number {
    return this.options.maxBufferedAmount ?? DEFAULTS.maxBufferedAmount;
  }

  /**
   * Frames were gathered this turn.
   *
   * @param bytes how many bytes this turn has gathered so far
   * @param held how many bytes the stream held when the first of them was gathered. It may hold fewer now.
   */
  gather(bytes: number, held: number): void {
    this.#gathered = bytes;
    if (bytes + held + this.queued > this.mark) this.backlog.isAboveMark = true;
  }

  /** A message has entered the send queue. */
  enqueue(bytes: number): void {
    this.backlog.queued += bytes;
    if (this.waiting > this.mark) this.backlog.isAboveMark = true;
  }

  /** A message that {@link Ledger.enqueue} counted has left the send queue. */
  dequeue(bytes: number): void {
    this.backlog.queued -= bytes;
    this.settle();
  }

  /** Bytes are about to be handed to the stream. Returns the callback of the write, or `undefined` if none is needed. */
  handOver(bytes: number): SendCallback | undefined {
    this.#gathered = 0;
    if (this.limit > 0) (this.#admission ??= new Admission()).recent.add(bytes);
    const { writableLength } = this.stream;
    if (bytes + writableLength + this.queued > this.mark) this.backlog.isAboveMark = true;
    else if (this.#backlog?.isAboveMark !== true && writableLength === 0) return undefined;
    return this.settlesLater();
  }

  /** Resolves when no more bytes wait than the high-water mark. Rejects with the reason of the signal when the signal aborts. */
  async untilBelowMark(signal: AbortSignal | undefined): Promise<void> {
    if (this.needsDrain()) await this.backlog.waiters.add(signal);
  }

  /** The connection is no longer open: rejects the promises of {@link Ledger.untilBelowMark}. */
  stopWaiting(state: ReadyState): void {
    this.#backlog?.waiters.reject(lostError(state));
  }

  // Reports when the amount has fallen to the high-water mark. Must be called whenever the amount may have fallen.
  private settle(): void {
    const backlog = this.#backlog;
    if (backlog?.isAboveMark !== true) return;
    if (this.waiting > this.mark) {
      this.settleAfterOthers(backlog);
      return;
    }
    backlog.isAboveMark = false;
    backlog.waiters.resolve();
    this.#observer.drained();
  }

  // If the program itself wrote all waiting bytes, no write of this connection calls back. So this makes an empty write after them.
  private settleAfterOthers({ queued, writes }: Backlog): void {
    if (this.#gathered + queued + writes > 0) return;
    const settled = this.settlesLater();
    // In a turn of its own, because a replaced `write()` may call back immediately.
    setImmediate(() => {
      if (this.stream.writable) this.stream.write(EMPTY, settled);
    });
  }

  // Returns a callback for a write to the stream. When the write has ended, the callback calls `settle()`.
  private settlesLater(): (error?: Error | null) => void {
    const { backlog } = this;
    backlog.writes++;
    return (error) => {
      backlog.writes--;
      // A failed write ends the connection, so `drained` is not called.
      if (!error) this.settle();
    };
  }
}
