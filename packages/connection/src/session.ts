// A WebSocket on a stream: sending, receiving, and the closing handshake.
import { AsyncResource } from 'node:async_hooks';
import type { Blob, Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { CloseCode, Opcode, type ClosePayload, type Extension, type Message } from '@framewire/codec';
import { attach, detach, listen, type StreamOwner } from './attached-stream.ts';
import { Ending } from './ending.ts';
import { keepFreedMemory } from './freed-memory.ts';
import { DEFAULTS, type ConnectionOptions, type OpenOptions } from './options.ts';
import { CLOSED, lostError, OPEN, type CLOSING } from './ready-state.ts';
import { Inbound, type InboundError, type InboundObserver } from './receiving/inbound.ts';
import { readingOptions } from './receiving/reading-options.ts';
import { nextTick, throwLater } from './scheduling.ts';
import { Outbound, type OutboundObserver, type Sending } from './sending/outbound.ts';
import { payloadLength } from './sending/payload.ts';
import type { PreparedMessage } from './sending/prepared-message.ts';
import { bufferedAmountError, droppedError, type SendCallback } from './sending/send-callback.ts';
import type { SendMode } from './sending/send-options.ts';
import { beginHandling, endHandling } from './sending/write-turn.ts';
import type { SessionListener } from './session-listener.ts';

/** A prepared message is sent whole. */
const WHOLE = { fin: true };

/** Lasts from the end of the opening handshake to the end of the stream. */
export class Session<T> implements Sending, InboundObserver, OutboundObserver, StreamOwner {
  readonly #owner: T;
  readonly #listener: SessionListener<T>;
  /** The async context of `setSocket()`, in which all events are emitted. Destroyed explicitly, when the session ends. */
  readonly context = new AsyncResource('WebSocket', { requireManualDestroy: true });
  readonly #onClosed: ((owner: T) => void) | undefined;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  /** The extension that was negotiated, if any. */
  readonly extension: Extension | undefined;
  /** Whether this end masks the frames that it sends (§5.1). */
  readonly masks: boolean;
  #pendingAutoPongs = 0;
  /** Undefined while the session is open. */
  #ending: Ending | undefined = undefined;

  constructor(
    socket: Duplex,
    options: ConnectionOptions,
    opened: OpenOptions,
    owner: T,
    listener: SessionListener<T>,
  ) {
    const { role = 'server', extension, generateMask, onClosed } = opened;
    this.#owner = owner;
    this.#listener = listener;
    this.extension = extension;
    this.masks = role === 'client';
    this.#onClosed = onClosed as ((owner: T) => void) | undefined;
    this.#inbound = new Inbound(this, readingOptions(options, role, extension));
    this.#outbound = new Outbound(socket, { generateMask, limits: options }, this);
    attach(socket, this);
  }

  /** Starts reading. `head` comes first: bytes that were already read from the stream, after the opening handshake. */
  start(head: Buffer): void {
    keepFreedMemory();
    listen(this.socket, head);
  }

  /** Keeps `reactive()` of Vue from wrapping this object in a proxy, which could not access private fields. */
  get [Symbol.toStringTag](): string {
    return Session.name;
  }

  protected get options(): ConnectionOptions {
    return this.#outbound.ledger.options;
  }

  /** The last measured round trip, in ms; undefined without a heartbeat. */
  get latency(): number | undefined {
    return undefined;
  }

  /** The connection to which this session belongs. */
  get owner(): T {
    return this.#owner;
  }

  get state(): typeof OPEN | typeof CLOSING | typeof CLOSED {
    return this.#ending === undefined ? OPEN : this.#ending.state;
  }

  get isPaused(): boolean {
    return this.#inbound.isPaused;
  }

  /** Whether each end has sent a close frame (§7.1.4). */
  get wasClean(): boolean {
    return this.#ending?.isClean ?? false;
  }

  /** The bytes accepted and not yet passed to the kernel, framing included, and the bytes passed to `send()` too late. */
  get bufferedAmount(): number {
    return this.#outbound.ledger.waiting + (this.#ending?.discarded ?? 0);
  }

  /** Returns whether more bytes are waiting than the high-water mark. If so, makes sure that `drain` follows. */
  needsDrain(): boolean {
    return this.#outbound.ledger.needsDrain();
  }

  /** The stream. Reading this property first flushes earlier sends. */
  get stream(): Duplex {
    this.#outbound.flush();
    return this.socket;
  }

  set keepFragments(keep: boolean) {
    this.#inbound.keepFragments = keep;
  }

  protected get socket(): Duplex {
    return this.#outbound.ledger.stream;
  }

  private get ending(): Ending {
    return (this.#ending ??= new Ending(
      this.#inbound,
      this.#outbound,
      this.options.closeTimeout ?? DEFAULTS.closeTimeout,
      this.masks,
    ));
  }

  // Sending.

  /** @param data what the application passed, for `dropped` */
  send(
    payload: string | Uint8Array | Blob,
    mode: SendMode,
    done: SendCallback | undefined,
    data: unknown = payload,
  ): void {
    if (this.#outbound.ledger.admits(mode)) this.#outbound.send(payload, mode, done);
    else this.refuse(data, mode, done);
  }

  sendPrepared(message: PreparedMessage, masked: boolean, done: SendCallback | undefined): void {
    if (this.#outbound.ledger.admits(WHOLE)) this.#outbound.sendPrepared(message, masked, done);
    else this.refuse(message, message, done);
  }

  control(opcode: Opcode, payload: string | Uint8Array | Blob, masked: boolean, done?: SendCallback): void {
    // Pongs and close frames are never refused: the peer waits for them.
    if (opcode !== Opcode.PING || this.#outbound.ledger.admits(undefined)) {
      this.#outbound.control(opcode, payload, masked, done);
    } else this.refuse(undefined, undefined, done);
  }

  /** Sends a ping that is never refused, because it finds out whether a peer that does not read is still there. */
  protected controlPing(payload: Uint8Array): void {
    this.#outbound.control(Opcode.PING, payload, this.masks);
  }

  writeFrames(chunks: readonly Uint8Array[], done?: SendCallback): void {
    if (this.#outbound.ledger.admits(undefined)) this.#outbound.writeFrames(chunks, done);
    else this.refuse(undefined, undefined, done);
  }

  flush(): void {
    this.#outbound.flush();
  }

  /** Refuses a send, because the peer has left too much unread: does what `onBufferFull` says. */
  private refuse(
    data: unknown,
    message: { readonly opcode: Opcode } | undefined,
    done: SendCallback | undefined,
  ): void {
    const { onBufferFull = DEFAULTS.onBufferFull } = this.options;
    const error = onBufferFull === 'drop' ? droppedError() : bufferedAmountError();
    if (done !== undefined) nextTick(done, error);
    if (onBufferFull === 'drop') {
      if (message !== undefined) nextTick(reportDropped, this, data, message.opcode === Opcode.BINARY);
      return;
    }
    nextTick(reportError, this, error);
    if (onBufferFull === 'close') this.close(CloseCode.POLICY_VIOLATION);
    else this.terminate();
  }

  /** Counts data that was passed to `send()` too late. Flushes first, so that the callbacks of earlier sends are called first. */
  discard(data: unknown): void {
    this.#outbound.flush();
    this.ending.discarded += payloadLength(data);
  }

  /** The ledger's waiting bytes have fallen to the high-water mark. */
  drained(): void {
    if (this.state !== OPEN) return;
    try {
      this.context.runInAsyncScope(() => this.#listener.drain(this.#owner));
    } catch (error) {
      // An exception from a listener must not stop what is still waiting to be sent.
      throwLater(error);
    }
  }

  /** Resolves when no more bytes are waiting than the high-water mark. */
  async drainedOrAborted(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.state !== OPEN) throw lostError(this.state);
    await this.#outbound.ledger.untilBelowMark(signal);
  }

  /** A message could not be encoded. The peer may still finish what it is sending. */
  sendFailed(error: Error): void {
    if (this.state === CLOSED) return;
    this.ending.sendFailed();
    this.reportError(error);
  }

  // Receiving.

  pause(): void {
    if (this.state === CLOSED) return;
    this.#inbound.pause();
    this.socket.pause();
  }

  resume(): void {
    if (this.state === CLOSED) return;
    this.#inbound.resume();
    if (!this.#inbound.hasBacklog) this.socket.resume();
  }

  message(message: Message): void {
    this.#listener.message(this.#owner, message);
  }

  ping(payload: Uint8Array): void {
    if ((this.options.autoPong ?? DEFAULTS.autoPong) && this.state === OPEN) {
      this.answerPing(payload as Buffer);
    }
    this.#listener.ping(this.#owner, payload as Buffer);
  }

  pong(payload: Uint8Array): void {
    this.#listener.pong(this.#owner, payload as Buffer);
  }

  peerClosed(payload: ClosePayload): void {
    this.ending.peerClosed(payload);
    if (payload.code === (CloseCode.NO_STATUS_RECEIVED as number)) this.answerClose();
    else this.answerClose(payload.code, payload.reason as Buffer);
  }

  peerFailed(error: InboundError): void {
    this.ending.peerFailed();
    this.answerClose(error.closeCode ?? CloseCode.INVALID_FRAME_PAYLOAD_DATA);
    this.reportError(error);
  }

  caughtUp(): void {
    if (this.#ending?.isStreamClosed === true) this.end();
    else if (!this.isPaused) this.socket.resume();
  }

  /** §5.5.2: "MUST send a Pong frame in response". A limit protects memory from a peer that does not read its pongs. */
  private answerPing(payload: Buffer): void {
    const { maxPendingAutoPongs = DEFAULTS.maxPendingAutoPongs } = this.options;
    if (maxPendingAutoPongs > 0 && this.#pendingAutoPongs >= maxPendingAutoPongs) {
      this.terminate();
      return;
    }
    const done: SendCallback = () => {
      this.#pendingAutoPongs--;
    };
    if (!this.#listener.answerPing(this.#owner, payload, done)) {
      this.#outbound.control(Opcode.PONG, payload, this.masks, done);
    }
    // After the pong, because `generateMask` may throw.
    this.#pendingAutoPongs++;
  }

  private answerClose(code?: number, reason?: Buffer): void {
    if (this.ending.isStreamClosed) return;
    if (!this.#listener.answerClose(this.#owner, code, reason)) this.close(code, reason);
  }

  // The end.

  /** Sends a close frame, unless one has been sent. */
  close(code?: number, reason?: string | Uint8Array): void {
    this.ending.close(code, reason);
    this.#listener.closing(this.#owner);
  }

  terminate(): void {
    if (this.state !== CLOSED) this.ending.terminate();
  }

  private end(): void {
    // resume() may catch up between the end of the stream and `finish`.
    if (this.state === CLOSED) return;
    this.ending.reported();
    try {
      this.extension?.close();
    } catch (error) {
      // The end must be reported even if the extension throws.
      throwLater(error);
    }
    this.#outbound.abandon();
    this.#onClosed?.(this.#owner);
    this.context.emitDestroy();
    this.#listener.close(this.#owner, this.ending.code, this.ending.reason);
  }

  reportError(error: Error): void {
    if (this.ending.isErrorReported) return;
    this.ending.isErrorReported = true;
    // A message may fail in the context of another connection, or of a sender.
    this.context.runInAsyncScope(() => this.#listener.error(this.#owner, error));
  }

  reportDropped(data: unknown, isBinary: boolean): void {
    if (this.state === CLOSED) return;
    this.context.runInAsyncScope(() => this.#listener.dropped(this.#owner, data, isBinary));
  }

  // The stream.

  streamData(chunk: Buffer): void {
    beginHandling();
    try {
      if (!this.#inbound.read(chunk)) this.socket.pause();
    } catch (error) {
      // An exception of a listener. The peer of a stream in memory may be in its write(), and must not catch it.
      throwLater(error);
    } finally {
      endHandling();
    }
  }

  streamEnded(): void {
    this.ending.streamEnded();
  }

  streamFailed(): void {
    this.ending.streamFailed();
  }

  streamClosed(): void {
    this.ending.streamClosed();
    detach(this.socket);
    if (!this.ending.isReading) {
      this.#inbound.finish();
      return;
    }
    // Data that arrived before the end is read even on a paused connection. From Node 26 on, read() returns one chunk at a time.
    for (let rest; (rest = this.socket.read() as Buffer | null) !== null;) this.streamData(rest);
    // A stream in memory closes as soon as it is destroyed. The callbacks of sends that follow immediately must be called before `close`.
    this.#outbound.flush();
    nextTick(finish, this.#inbound);
  }
}

function reportError(session: Session<unknown>, error: Error): void {
  session.reportError(error);
}

function reportDropped(session: Session<unknown>, data: unknown, isBinary: boolean): void {
  session.reportDropped(data, isBinary);
}

function finish(inbound: Inbound): void {
  inbound.finish();
}
