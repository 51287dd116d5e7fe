// What waits to be written to one connection: counted without side effects, and the limits that it is held against.
import type { Duplex } from 'node:stream';
import { DEFAULTS, type ConnectionOptions } from '../options.ts';
import { Admission } from './admission.ts';
import type { SendCallback } from './send-callback.ts';
import { writerFor } from './stream-writer.ts';

/** Who is told what becomes of what waits. */
export interface LedgerObserver {
  /** Less than the high-water mark is waiting again. */
  drained(): void;
}

/**
 * The bytes that a connection has accepted and not yet passed to the kernel, in three places: frames gathered this turn, messages
 * that wait for a compressor or for their turn, and what the stream holds.
 *
 * Frames that were gathered for a TCP or Unix socket with nothing to write do not count: if each had been written immediately, the
 * socket would have taken it and show 0. Everywhere else they do.
 */
export class Ledger {
  readonly stream: Duplex;
  readonly #limits: ConnectionOptions;
  readonly #observer: LedgerObserver;
  /** The bytes of the frames gathered this turn. */
  #gathered = 0;
  #queued = 0;
  /** Whether the amount has been above the high-water mark, so that `drained` is owed. */
  #isAbove = false;
  /** Only where there is a limit. */
  #admission: Admission | undefined = undefined;

  constructor(stream: Duplex, limits: ConnectionOptions, observer: LedgerObserver) {
    this.stream = stream;
    this.#limits = limits;
    this.#observer = observer;
  }

  /** How many bytes wait. */
  get waiting(): number {
    return this.gathered + this.stream.writableLength + this.#queued;
  }

  private get gathered(): number {
    if (this.#gathered === 0) return 0;
    return this.stream.writableLength === 0 && writerFor(this.stream).reachesKernel ? 0 : this.#gathered;
  }

  /** Whether more waits than the high-water mark. If so, `drained` follows. */
  get isAboveMark(): boolean {
    return this.waiting > this.mark;
  }

  private get mark(): number {
    return this.#limits.highWaterMark ?? DEFAULTS.highWaterMark;
  }

  /**
   * Whether something may be sent: not while the peer has left more than `maxBufferedAmount` bytes unread. What was handed to the
   * stream in this turn of the event loop or the one before does not count, because the peer has had no chance to read it, nor does
   * what waits for our own compressor.
   *
   * With `onBufferFull: 'drop'` the first fragment of a message decides for all of it: the peer cannot be sent a part of a message.
   *
   * @param part a message, or a fragment of one; undefined for other frames
   */
  admits(part: { readonly fin: boolean } | undefined): boolean {
    if (this.limit <= 0) return true;
    const admission = (this.#admission ??= new Admission());
    const isFull = this.stream.writableLength - admission.recent.count() > this.limit;
    return this.#limits.onBufferFull === 'drop' ? admission.admits(part, isFull) : !isFull;
  }

  private get limit(): number {
    return this.#limits.maxBufferedAmount ?? DEFAULTS.maxBufferedAmount;
  }

  /**
   * Frames were gathered this turn.
   *
   * @param bytes all that this turn has gathered
   * @param held how many bytes the stream held when the first of them was gathered. It may hold fewer by now.
   */
  gather(bytes: number, held: number): void {
    this.#gathered = bytes;
    if (bytes + held + this.#queued > this.mark) this.#isAbove = true;
  }

  /** A message waits for a compressor or for its turn. */
  enqueue(bytes: number): void {
    this.#queued += bytes;
    if (this.waiting > this.mark) this.#isAbove = true;
  }

  /** It does not wait any more. */
  dequeue(bytes: number): void {
    this.#queued -= bytes;
    this.settle();
  }

  /** Bytes are about to be handed to the stream. Returns a function to be called when the stream is done with them, if that matters. */
  handOver(bytes: number): SendCallback | undefined {
    this.#gathered = 0;
    if (this.limit > 0) (this.#admission ??= new Admission()).recent.add(bytes);
    const { writableLength } = this.stream;
    if (bytes + writableLength + this.#queued > this.mark) this.#isAbove = true;
    else if (!this.#isAbove && writableLength === 0) return undefined;
    return (error) => {
      // A stream that cannot write ends the connection, which no longer has room for anything.
      if (error === undefined) this.settle();
    };
  }

  /** Tells the observer that less than the mark is waiting, if more was. */
  private settle(): void {
    if (!this.#isAbove || this.waiting > this.mark) return;
    this.#isAbove = false;
    this.#observer.drained();
  }
}
