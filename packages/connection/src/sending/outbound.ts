// Messages in, frames out: in the order in which they are sent, whatever takes how long to be made.
import { Buffer, type Blob } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import { firstByte, Opcode, type DataOpcode, type Extension } from '@framewire/codec';
import { FrameWriter } from './frame-writer.ts';
import { isPayload, payloadLength } from './payload.ts';
import { inOwnContext, settle, throwLater, type SendCallback } from './send-callback.ts';
import { SendQueue } from './send-queue.ts';

/** How one message, or one fragment of it, is to be sent. */
export interface SendMode {
  readonly opcode: DataOpcode;
  /** Whether the message ends with it. */
  readonly fin: boolean;
  /** Whether the extension may compress it. */
  readonly compress: boolean;
  readonly masked: boolean;
}

/** The sending side of a connection: messages, in the order in which they are sent, become frames and are written. */
export class Outbound<T> extends FrameWriter {
  readonly #extension: Extension | undefined;
  readonly #failed: (target: T, error: Error) => void;
  readonly #target: T;

  /** The sends that need time, and those behind them. Made with the first. */
  #jobs: SendQueue | undefined = undefined;
  /** A message of which fragments are still to be sent, and whether they are compressed. */
  #inMessage = false;
  #compressing = false;
  /** What was sent too late, and still counts in `bufferedAmount`, as in the DOM. */
  #discarded = 0;

  /** @param failed is told, with `target`, why a message could not be made: so one function serves all connections */
  constructor(
    socket: Duplex,
    extension: Extension | undefined,
    generateMask: ((mask: Buffer) => void) | undefined,
    failed: (target: T, error: Error) => void,
    target: T,
  ) {
    super(socket, generateMask);
    this.#extension = extension;
    this.#failed = failed;
    this.#target = target;
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Outbound.name;
  }

  /** Bytes accepted and not yet handed to the kernel, framing included. */
  get bufferedAmount(): number {
    this.flush();
    return this.gathered + this.socket.writableLength + (this.#jobs?.size ?? 0) + this.#discarded;
  }

  /**
   * As {@link Outbound.bufferedAmount}, without what was sent too late, and without what leaves at the end of this turn while that
   * is not much: to ask does not take it apart.
   */
  get waitingAmount(): number {
    return this.longTurnLength() + this.socket.writableLength + (this.#jobs?.size ?? 0);
  }

  /** Counts what was sent when it was too late. What was sent in time is told first. */
  discard(data: unknown): void {
    this.flush();
    this.#discarded += payloadLength(data);
  }

  /** Sends a message, or a fragment of one. */
  send(data: string | Uint8Array | Blob, mode: SendMode, callback: SendCallback | undefined): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    // What nearly all are takes a way of its own, short enough to become one function down to the slab: without the system calls,
    // an echo of 20 bytes takes a tenth less (Node 20).
    const isPlain = mode.fin && !this.#inMessage && (this.#extension === undefined || !mode.compress);
    if (isPlain && this.#isDirect() && isPayload(data)) {
      this.#writePlain(data, mode, done);
    } else this.#sendInTurn(data, mode, done);
  }

  /** Frames a whole message as it is. */
  #writePlain(data: string | Uint8Array, mode: SendMode, done: SendCallback | undefined): void {
    this.#put(firstByte(mode.opcode, true, false), data, mode.masked, typeof data === 'string', done);
  }

  /** Sends what may have to be compressed, to be read first, to wait, or to go on with a message. */
  #sendInTurn(data: string | Uint8Array | Blob, mode: SendMode, done: SendCallback | undefined): void {
    if (this.#isDirect() && isPayload(data)) {
      if (this.#extension === undefined || !(mode.compress || this.#inMessage)) {
        this.#writeData(data, mode, false, done);
        return;
      }
      // Whoever makes masking keys may send something meanwhile, which must not get between a message and its place.
      if (!this.makesMasks) {
        this.#sendNow(data, mode, done);
        return;
      }
    }
    const own = owned(data);
    this.#enqueue(payloadLength(own), done, (next) => {
      const send = (payload: string | Uint8Array): void => {
        this.#sendPart(payload, mode, done, next);
      };
      if (isPayload(own)) send(own);
      else this.#readBlob(own, send, done, next);
    });
  }

  /** Sends a control frame, of at most 125 bytes. */
  control(
    opcode: Opcode,
    payload: string | Uint8Array | Blob,
    masked: boolean,
    callback?: SendCallback,
  ): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    const first = firstByte(opcode, true, false);
    if (this.#isDirect() && isPayload(payload)) {
      this.write(first, payload, masked, done);
      return;
    }
    const own = owned(payload);
    this.#enqueue(payloadLength(own), done, (next) => {
      const write = (bytes: string | Uint8Array): void => {
        this.write(first, bytes, masked, done);
        next();
      };
      if (isPayload(own)) write(own);
      else this.#readBlob(own, write, done, next);
    });
  }

  /** Writes a frame, or several, that somebody else has made: in one piece, behind all that was sent before. */
  writeFrames(pieces: readonly Uint8Array[], callback?: SendCallback): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    if (this.#isDirect()) {
      this.writePieces(pieces, done);
      return;
    }
    const own = Buffer.concat(pieces);
    this.#enqueue(own.length, done, (next) => {
      this.writePieces([own], done);
      next();
    });
  }

  /** The socket is gone: what has not been framed yet never will be. */
  abandon(): void {
    this.#jobs?.abandon();
  }

  #isDirect(): boolean {
    return this.#jobs === undefined || this.#jobs.isIdle;
  }

  #enqueue(size: number, done: SendCallback | undefined, job: (next: () => void) => void): void {
    this.#jobs ??= new SendQueue((error, sender) => {
      this.#tellFailure(error, sender);
    });
    this.#jobs.add(size, job, done);
  }

  #readBlob(
    blob: Blob,
    then: (bytes: Uint8Array) => void,
    done: SendCallback | undefined,
    next: () => void,
  ): void {
    blob
      .arrayBuffer()
      .then((bytes) => {
        if (!this.socket.destroyed) then(new Uint8Array(bytes));
      })
      .catch((error: unknown) => {
        // Where the socket is gone its sender is told that, and once.
        if (!this.socket.destroyed) this.#tellFailure(error as Error, done, next);
      });
  }

  /** A message could not be made: the connection ends behind those before it. Whoever throws when told keeps nobody from being told. */
  #tellFailure(error: Error, done: SendCallback | undefined, next?: () => void): void {
    try {
      this.#failed(this.#target, error);
    } catch (thrown) {
      throwLater(thrown);
    }
    if (done !== undefined) settle([done], error);
    this.#jobs?.abandonBehind();
    next?.();
  }

  /** Sends at once what the extension compresses at once; what takes longer is a job that others wait for. */
  #sendNow(data: string | Uint8Array, mode: SendMode, done: SendCallback | undefined): void {
    const turn: { isOver: boolean; next?: () => void } = { isOver: false };
    this.#sendPart(data, mode, done, () => {
      turn.isOver = true;
      turn.next?.();
    });
    if (turn.isOver) return;
    this.#enqueue(payloadLength(data), done, (next) => {
      if (turn.isOver) next();
      else turn.next = next;
    });
  }

  /** Compresses, where that was negotiated and is wanted, and writes. */
  #sendPart(
    data: string | Uint8Array,
    mode: SendMode,
    done: SendCallback | undefined,
    next: () => void,
  ): void {
    const first = !this.#inMessage;
    if (this.#extension === undefined || !(first ? mode.compress : this.#compressing)) {
      this.#writeData(data, mode, false, done);
      next();
      return;
    }
    let untouched: string | Uint8Array | undefined = data;
    this.#extension.compress({ data, first, fin: mode.fin }, (error, compressed, original) => {
      if (this.socket.destroyed) return;
      const payload = compressed ?? original ?? untouched;
      if (error !== null || payload === undefined) {
        this.#tellFailure(error ?? new Error('The extension has no copy of the data'), done, next);
        return;
      }
      try {
        this.#writeData(payload, mode, compressed !== undefined, done);
      } catch (unwritten) {
        // The extension counts with it: a message that its peer does not get would make the next ones wrong.
        this.#tellFailure(unwritten as Error, done, next);
        return;
      }
      next();
    });
    // From now on the caller may change bytes. What waits is the extension's copy, and no other is held.
    if (typeof data !== 'string') untouched = undefined;
  }

  /** Frames a piece of a message: the first has the opcode and the extension's bit, the others continue it (§5.4). */
  #writeData(
    data: string | Uint8Array,
    mode: SendMode,
    compressed: boolean,
    done: SendCallback | undefined,
  ): void {
    const opcode = this.#inMessage ? Opcode.CONTINUATION : mode.opcode;
    const rsv1 = !this.#inMessage && compressed;
    const stays = compressed ? this.#extension?.sharesTexts === true : typeof data === 'string';
    this.#put(firstByte(opcode, mode.fin, rsv1), data, mode.masked, stays, done);
    // Once it is written: whoever makes the masking key may throw, or send a message before this one.
    this.#inMessage = !mode.fin;
    this.#compressing = this.#inMessage && compressed;
  }

  /** @param stays whether the data cannot change: text, and what an extension has made, unlike bytes of the user */
  #put(
    first: number,
    data: string | Uint8Array,
    masked: boolean,
    stays: boolean,
    done: SendCallback | undefined,
  ): void {
    if (!stays || masked || !this.share(first, data, done)) this.write(first, data, masked, done);
  }
}

/** Data that stay as they are when `send()` has returned: bytes are copied, as the caller may change, transfer or resize them. */
function owned<Data extends string | Uint8Array | Blob>(data: Data): Data | Buffer {
  return isUint8Array(data) ? Buffer.from(data) : data;
}

/** What can be done with the sending side by who does not own it. */
export type Sending = Pick<Outbound<never>, 'send' | 'control' | 'writeFrames'>;
