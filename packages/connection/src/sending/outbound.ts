// The sending side of a connection: sends messages and control frames in order.
import { Buffer, type Blob } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { isUint8Array } from 'node:util/types';
import {
  firstByte as firstByteOf,
  randomMaskingKey,
  readMaskingKey,
  type Extension,
  type MaskingKey,
  type Opcode,
} from '@framewire/codec';
import type { ConnectionOptions } from '../options.ts';
import { throwLater } from '../scheduling.ts';
import { Ledger, type LedgerObserver } from './ledger.ts';
import { MessageFramer } from './message-framer.ts';
import { Output } from './output.ts';
import { isPayload, payloadLength } from './payload.ts';
import type { PreparedMessage } from './prepared-message.ts';
import { inOwnContext, settle, type SendCallback } from './send-callback.ts';
import type { SendMode } from './send-options.ts';
import { SendQueue, type SendJob } from './send-queue.ts';

/** How an {@link Outbound} sends. */
export interface OutboundOptions {
  /** Fills the 4 bytes of a masking key. Default: random. */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
  /** The limits on waiting bytes. Default: those of a connection. */
  readonly limits?: ConnectionOptions;
}

/** What an {@link Outbound} calls. */
export interface OutboundObserver extends LedgerObserver {
  /** The extension that was negotiated, if any. */
  readonly extension: Extension | undefined;
  /** A message could not be encoded. Nothing more is sent, because the peer would not notice that the message is missing. */
  sendFailed(error: Error): void;
  /** The stream was destroyed or ended while a message was read or compressed. */
  sendLost?(): void;
}

/** Sends what it is given, in order, even when some of it takes time to read or compress. */
export class Outbound {
  readonly #output: Output;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;
  readonly #observer: OutboundObserver;
  /** The sends that need time, and those after them. Created for the first of them. */
  #queue: SendQueue | undefined = undefined;
  #framer: MessageFramer | undefined = undefined;

  constructor(stream: Duplex, { generateMask, limits = {} }: OutboundOptions, observer: OutboundObserver) {
    this.#output = new Output(new Ledger(stream, limits, observer));
    this.#generateMask = generateMask;
    this.#observer = observer;
  }

  get ledger(): Ledger {
    return this.#output.ledger;
  }

  /** Keeps `reactive()` of Vue from wrapping this object in a proxy, which could not access private fields. */
  get [Symbol.toStringTag](): string {
    return Outbound.name;
  }

  /**
   * Sends a message, or a fragment of one. The caller may change the bytes when this returns (but see `writeUncopied()`).
   *
   * @throws what `generateMask` or the extension throws, and `RangeError` when there is no memory. In all of these cases nothing was sent.
   */
  send(data: string | Uint8Array | Blob, mode: SendMode, callback: SendCallback | undefined): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    // Before anything else, because `generateMask` may throw, or send something itself.
    const key = mode.masked ? this.maskingKey() : undefined;
    if (!this.isDirect() || !isPayload(data)) {
      this.sendInTurn(data, done, (payload) => this.framer.send(payload, mode, key, done));
      return;
    }
    // A shorter path for nearly all messages. V8 inlines it down to the slab (benchmark scenario `echo-64x16`).
    const isPlain = this.extension === undefined || !mode.compress;
    if (mode.fin && isPlain && this.isBetweenMessages()) {
      this.#output.send(firstByteOf(mode.opcode, true, false), data, key, typeof data === 'string', done);
      return;
    }
    this.hold(data, this.framer.send(data, mode, key, done), done);
  }

  /** Sends a message that is sent on other connections, too. Throws like {@link Outbound.send}. */
  sendPrepared(message: PreparedMessage, masked: boolean, callback: SendCallback | undefined): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    const key = masked ? this.maskingKey() : undefined;
    if (!this.isDirect()) this.queuePrepared(message, key, done);
    // A shorter path for most messages (benchmark scenario `publish-x10`).
    else if (key === undefined && this.extension === undefined && this.isBetweenMessages()) {
      this.#output.sendEncoded(message.frame(null), done);
    } else this.hold(message.shared.data, this.framer.sendPrepared(message, key, done), done);
  }

  // A method of its own, because a closure in `sendPrepared()` would make every call of it allocate (benchmark scenario `publish-x10`).
  private queuePrepared(
    message: PreparedMessage,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    const job = (): Promise<boolean> | undefined => this.framer.sendPrepared(message, key, done);
    this.queued().add(payloadLength(message.shared.data), job, done);
  }

  /** Sends a control frame with a payload of at most 125 bytes. Throws like {@link Outbound.send}. */
  control(
    opcode: Opcode,
    payload: string | Uint8Array | Blob,
    masked: boolean,
    callback?: SendCallback,
  ): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    const key = masked ? this.maskingKey() : undefined;
    const firstByte = firstByteOf(opcode, true, false);
    if (this.isDirect() && isPayload(payload)) this.#output.sendOwn(firstByte, payload, key, done);
    else {
      this.sendInTurn(payload, done, (bytes) => {
        this.#output.sendOwn(firstByte, bytes, key, done);
        return undefined;
      });
    }
  }

  /**
   * Writes frames that the caller has encoded, in chunks of any size, after all earlier sends. The bytes must not change before the callback
   * is called.
   */
  writeFrames(chunks: readonly Uint8Array[], callback?: SendCallback): void {
    const done = callback === undefined ? undefined : inOwnContext(callback);
    if (this.isDirect()) {
      this.#output.sendEncodedBytes(chunks, done);
      return;
    }
    this.sendInTurn(Buffer.concat(chunks), done, (bytes) => {
      this.#output.sendEncodedBytes([bytes as Uint8Array], done);
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

  /** The stream is closed: gives up what has not been framed yet. */
  abandon(): void {
    this.#queue?.abandon();
  }

  /** @internal */
  get extension(): Extension | undefined {
    return this.#observer.extension;
  }

  private get framer(): MessageFramer {
    return (this.#framer ??= new MessageFramer(this.#output, this));
  }

  private isDirect(): boolean {
    return this.#queue === undefined || this.#queue.isIdle;
  }

  private isBetweenMessages(): boolean {
    return this.#framer === undefined || this.#framer.isBetweenMessages;
  }

  private queued(): SendQueue {
    return (this.#queue ??= new SendQueue(
      this.ledger,
      (error, done) => {
        this.fail(error, done);
      },
      () => {
        this.#observer.sendLost?.();
      },
    ));
  }

  // Makes later sends wait for one that needs time.
  private hold(
    data: string | Uint8Array | Blob,
    running: Promise<boolean> | undefined,
    done: SendCallback | undefined,
  ): void {
    if (running !== undefined) this.queued().hold(payloadLength(data), running, done);
  }

  // Sends data that must be read first, or that must wait for earlier sends.
  private sendInTurn(
    data: string | Uint8Array | Blob,
    done: SendCallback | undefined,
    send: (payload: string | Uint8Array) => ReturnType<SendJob>,
  ): void {
    const queue = this.queued();
    const own = owned(data);
    const job = isPayload(own) ? () => send(own) : () => this.readBlob(own, send, done);
    if (queue.isIdle) this.hold(own, job(), done);
    else queue.add(payloadLength(own), job, done);
  }

  private async readBlob(
    blob: Blob,
    send: (payload: Uint8Array) => ReturnType<SendJob>,
    done: SendCallback | undefined,
  ): Promise<boolean> {
    try {
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return !this.#output.isOver && ((await send(bytes)) ?? true);
    } catch (error) {
      if (this.#output.isDestroyed) return false;
      this.fail(error as Error, done);
      return true;
    }
  }

  /** @internal A message could not be encoded: the connection ends after the messages before it. */
  fail(error: Error, done: SendCallback | undefined): void {
    try {
      this.#observer.sendFailed(error);
    } catch (thrown) {
      // An exception from a listener must not keep the callbacks from being called.
      throwLater(thrown);
    }
    if (done !== undefined) settle([done], error);
    this.#queue?.abandonOthers();
  }

  private maskingKey(): MaskingKey {
    if (this.#generateMask === undefined) return randomMaskingKey();
    const mask = Buffer.alloc(4);
    this.#generateMask(mask);
    return readMaskingKey(mask, 0);
  }
}

/** Returns data that stays the same after `send()` has returned. Copies bytes, because the caller may change, transfer or resize them. */
function owned<Data extends string | Uint8Array | Blob>(data: Data): Data | Buffer {
  return isUint8Array(data) ? Buffer.from(data) : data;
}

/** The methods of the sending side that code outside of this folder calls. */
export type Sending = Pick<Outbound, 'send' | 'sendPrepared' | 'control' | 'writeFrames'>;
