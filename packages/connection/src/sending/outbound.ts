// Messages in, frames out: in the order in which they are sent, whatever takes how long to be made.
import { Buffer, type Blob } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import {
  firstByte as firstByteOf,
  Opcode,
  randomMaskingKey,
  readMaskingKey,
  type DataOpcode,
  type Extension,
  type MaskingKey,
  type SharedMessage,
} from '@framewire/codec';
import type { ConnectionOptions } from '../options.ts';
import { compress, type Compressed } from './compress.ts';
import { Ledger, type LedgerObserver } from './ledger.ts';
import { Output } from './output.ts';
import { isPayload, payloadLength } from './payload.ts';
import type { PreparedMessage } from './prepared-message.ts';
import { inOwnContext, settle, throwLater, type SendCallback } from './send-callback.ts';
import { SendQueue, type SendJob } from './send-queue.ts';

/** How one message, or one fragment of it, is to be sent. */
export interface SendMode {
  readonly opcode: DataOpcode;
  /** Whether the message ends with it. */
  readonly fin: boolean;
  /** Whether the extension may compress it. */
  readonly compress: boolean;
  readonly masked: boolean;
}

/** How an {@link Outbound} sends. */
export interface OutboundOptions {
  /** Fills the 4 bytes of a masking key. Default: random. */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
  /** The limits of what may wait. Default: those of a connection. */
  readonly limits?: ConnectionOptions;
}

/** Who is told what becomes of what is sent. */
export interface OutboundObserver extends LedgerObserver {
  /** What was negotiated, if anything was. */
  readonly extension: Extension | undefined;
  /** A message could not be made. Nothing more is sent: the peer would not notice that it is missing. */
  sendFailed(error: Error): void;
}

/** A message of which fragments are still to be sent, if there is one. */
type Unfinished = 'none' | 'plain' | 'compressed';

/** The sending side of a connection: messages become frames. */
export class Outbound {
  readonly ledger: Ledger;
  readonly #output: Output;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;
  readonly #observer: OutboundObserver;
  /** The sends that need time, and those after them. Made with the first. */
  #queue: SendQueue | undefined = undefined;
  #unfinished: Unfinished = 'none';

  constructor(stream: Duplex, { generateMask, limits = {} }: OutboundOptions, observer: OutboundObserver) {
    this.ledger = new Ledger(stream, limits, observer);
    this.#output = new Output(this.ledger);
    this.#generateMask = generateMask;
    this.#observer = observer;
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Outbound.name;
  }

  /**
   * Sends a message, or a fragment of one. The caller owns the bytes again when this returns.
   *
   * @throws what the maker of masking keys throws, and `RangeError` where there is no memory: then nothing was sent
   */
  send(data: string | Uint8Array | Blob, mode: SendMode, callback: SendCallback | undefined): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    // First, as whoever makes it may throw, or send something meanwhile.
    const key = mode.masked ? this.maskingKey() : undefined;
    if (!this.isDirect() || !isPayload(data)) {
      this.sendInTurn(data, done, (payload) => this.sendPart(payload, mode, key, done));
      return;
    }
    // What nearly all are takes a way of its own, short enough to become one function down to the slab: without the system calls,
    // an echo of 20 bytes takes a tenth less (Node 20).
    const isPlain = this.extension === undefined || !mode.compress;
    if (mode.fin && isPlain && this.#unfinished === 'none') {
      this.sendFrame(firstByteOf(mode.opcode, true, false), data, key, typeof data === 'string', done);
      return;
    }
    this.hold(payloadLength(data), this.sendPart(data, mode, key, done), done);
  }

  /** Sends a message that is sent on other connections, too. Throws as {@link Outbound.send}. */
  sendPrepared(message: PreparedMessage, masked: boolean, callback: SendCallback | undefined): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    const key = masked ? this.maskingKey() : undefined;
    const size = payloadLength(message.shared.data);
    const send = (): Promise<boolean> | undefined => this.sendPreparedNow(message, key, done);
    if (this.isDirect()) this.hold(size, send(), done);
    else this.queued().add(size, send, done);
  }

  /** Sends a control frame, of at most 125 bytes. Throws as {@link Outbound.send}. */
  control(
    opcode: Opcode,
    payload: string | Uint8Array | Blob,
    masked: boolean,
    callback?: SendCallback,
  ): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    const key = masked ? this.maskingKey() : undefined;
    const firstByte = firstByteOf(opcode, true, false);
    if (this.isDirect() && isPayload(payload)) this.#output.send(firstByte, payload, key, done);
    else {
      this.sendInTurn(payload, done, (bytes) => {
        this.#output.send(firstByte, bytes, key, done);
        return undefined;
      });
    }
  }

  /** Writes a frame, or several, that somebody else has made: in one piece, after all that was sent before. */
  writeFrames(pieces: readonly Uint8Array[], callback?: SendCallback): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    if (this.isDirect()) {
      this.#output.sendPieces(pieces, done);
      return;
    }
    this.sendInTurn(Buffer.concat(pieces), done, (bytes) => {
      this.#output.sendPieces([bytes as Uint8Array], done);
      return undefined;
    });
  }

  /** Hands what was sent to the stream, except what is still being compressed or read. */
  flush(): void {
    this.#output.flush();
  }

  /** Ends the stream after what was sent. */
  end(): void {
    this.#output.end();
  }

  /** The socket is gone: what has not been framed yet never will be. */
  abandon(): void {
    this.#queue?.abandon();
  }

  private get stream(): Duplex {
    return this.ledger.stream;
  }

  private get extension(): Extension | undefined {
    return this.#observer.extension;
  }

  private isDirect(): boolean {
    return this.#queue === undefined || this.#queue.isIdle;
  }

  private queued(): SendQueue {
    return (this.#queue ??= new SendQueue(this.ledger, (error, done) => {
      this.fail(error, done);
    }));
  }

  /** Lets other sends wait for one that needs time. */
  private hold(size: number, running: Promise<boolean> | undefined, done: SendCallback | undefined): void {
    if (running !== undefined) this.queued().hold(size, running, done);
  }

  private sendPreparedNow(
    message: PreparedMessage,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): Promise<boolean> | undefined {
    const { shared, opcode, compress } = message;
    const isWhole = this.#unfinished === 'none';
    const compressed = isWhole && compress ? this.compressShared(shared) : null;
    // What continues a message of several fragments is not a message of its own.
    if (!isWhole || compressed === undefined) {
      return this.sendPart(
        shared.data,
        { opcode, fin: true, compress, masked: key !== undefined },
        key,
        done,
      );
    }
    try {
      const frame = message.frame(compressed);
      if (key === undefined) this.#output.sendEncoded(frame, done);
      else this.#output.send(frame.firstByte, frame.payload, key, done);
    } catch (unsent) {
      // As for any message that the extension counts with.
      if (compressed === null) throw unsent;
      this.fail(unsent as Error, done);
    }
    return undefined;
  }

  /** What the extension makes of a whole message for all that agreed on the same; undefined where it cannot. */
  private compressShared(message: SharedMessage): Uint8Array | null | undefined {
    return this.extension === undefined ? null : this.extension.compressShared?.(message);
  }

  /** Sends what has to be read first, or to wait for others. */
  private sendInTurn(
    data: string | Uint8Array | Blob,
    done: SendCallback | undefined,
    send: (payload: string | Uint8Array) => ReturnType<SendJob>,
  ): void {
    const queue = this.queued();
    const size = payloadLength(data);
    const own = owned(data);
    const job = isPayload(own) ? () => send(own) : () => this.readBlob(own, send, done);
    if (queue.isIdle) this.hold(size, job(), done);
    else queue.add(size, job, done);
  }

  private async readBlob(
    blob: Blob,
    send: (payload: Uint8Array) => ReturnType<SendJob>,
    done: SendCallback | undefined,
  ): Promise<boolean> {
    try {
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return !this.stream.destroyed && ((await send(bytes)) ?? true);
    } catch (error) {
      if (this.stream.destroyed) return false;
      this.fail(error as Error, done);
      return true;
    }
  }

  /** A message could not be made: the connection ends after those before it. Who throws when told keeps nobody from being told. */
  private fail(error: Error, done: SendCallback | undefined): void {
    try {
      this.#observer.sendFailed(error);
    } catch (thrown) {
      throwLater(thrown);
    }
    if (done !== undefined) settle([done], error);
    this.#queue?.abandonOthers();
  }

  /** Compresses, where that was negotiated and is wanted, and sends. */
  private sendPart(
    data: string | Uint8Array,
    mode: SendMode,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): Promise<boolean> | undefined {
    const isFirst = this.#unfinished === 'none';
    if (this.extension === undefined || !(isFirst ? mode.compress : this.#unfinished === 'compressed')) {
      this.sendFragment(data, mode, key, false, done);
      return undefined;
    }
    const outcome = compress(this.extension, { data, first: isFirst, fin: mode.fin });
    if (!(outcome instanceof Promise)) {
      this.sendCompressed(outcome, data, mode, key, done);
      return undefined;
    }
    // From now on the caller may change bytes. What waits is the extension's copy, and no other is held.
    const text = typeof data === 'string' ? data : undefined;
    return outcome.then((late) => {
      if (this.stream.destroyed) return false;
      this.sendCompressed(late, text, mode, key, done);
      return true;
    });
  }

  /** Sends what an extension has made of a fragment, or the fragment itself where the extension leaves the message as it is. */
  private sendCompressed(
    { error, data, original }: Compressed,
    untouched: string | Uint8Array | undefined,
    mode: SendMode,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    const payload = data ?? original ?? untouched;
    if (error !== null || payload === undefined) {
      this.fail(error ?? new Error('The extension has no copy of the data'), done);
      return;
    }
    try {
      this.sendFragment(payload, mode, key, data !== undefined, done);
    } catch (unsent) {
      // The extension counts with it: a message that its peer does not get would make the next ones wrong.
      this.fail(unsent as Error, done);
    }
  }

  /** Frames a fragment: the first has the opcode and the extension's bit, the others continue it (§5.4). */
  private sendFragment(
    payload: string | Uint8Array,
    mode: SendMode,
    key: MaskingKey | undefined,
    isCompressed: boolean,
    done: SendCallback | undefined,
  ): void {
    const before = this.#unfinished;
    const isFirst = before === 'none';
    const opcode = isFirst ? mode.opcode : Opcode.CONTINUATION;
    const firstByte = firstByteOf(opcode, mode.fin, isFirst && isCompressed);
    const isConstant = isCompressed ? this.extension?.sharesTexts === true : typeof payload === 'string';
    // Before it is written: a stream may deliver synchronously, to a receiver that makes this end send something.
    this.#unfinished = mode.fin ? 'none' : isCompressed ? 'compressed' : 'plain';
    try {
      this.sendFrame(firstByte, payload, key, isConstant, done);
    } catch (error) {
      this.#unfinished = before;
      throw error;
    }
  }

  /** @param isConstant whether the payload cannot change: text, and what an extension has made, unlike bytes of the user */
  private sendFrame(
    firstByte: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    isConstant: boolean,
    done: SendCallback | undefined,
  ): void {
    const mayBeShared = isConstant && key === undefined;
    if (!mayBeShared || !this.#output.sendIfShared(firstByte, payload, done)) {
      this.#output.send(firstByte, payload, key, done);
    }
  }

  private maskingKey(): MaskingKey {
    if (this.#generateMask === undefined) return randomMaskingKey();
    const mask = Buffer.alloc(4);
    this.#generateMask(mask);
    return readMaskingKey(mask, 0);
  }
}

/** Data that stay as they are when `send()` has returned: bytes are copied, as the caller may change, transfer or resize them. */
function owned<Data extends string | Uint8Array | Blob>(data: Data): Data | Buffer {
  return isUint8Array(data) ? Buffer.from(data) : data;
}

/** What can be done with the sending side by who does not own it. */
export type Sending = Pick<Outbound, 'send' | 'sendPrepared' | 'control' | 'writeFrames'>;
