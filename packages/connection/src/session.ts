// What happens between a stream and its WebSocket: both directions, the closing handshake, the end. Told in one place.
import { AsyncResource } from 'node:async_hooks';
import { Buffer, type Blob } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CloseCode,
  formatClosePayload,
  isClean,
  isClosed,
  isOver,
  maySend,
  nextClosingPhase,
  Opcode,
  readsOn,
  type ClosePayload,
  type ClosingEvent,
  type ClosingPhase,
  type Extension,
  type Message,
} from '@framewire/codec';
import { clearDeadline, setDeadline, type Deadline } from './clock.ts';
import { DEFAULTS, type ConnectionOptions, type OpenOptions } from './options.ts';
import { CLOSED, CLOSING, lostError, OPEN } from './ready-state.ts';
import { Inbound, type InboundError, type InboundObserver } from './receiving/inbound.ts';
import { isOnlyUse } from './receiving/only-use.ts';
import { nextTick } from './scheduling.ts';
import { DrainWaiters } from './sending/drain-waiters.ts';
import { Outbound, type OutboundObserver, type Sending, type SendMode } from './sending/outbound.ts';
import { EMPTY, payloadLength } from './sending/payload.ts';
import type { PreparedMessage } from './sending/prepared-message.ts';
import { bufferedAmountError, droppedError, throwLater, type SendCallback } from './sending/send-callback.ts';
import { beginHandling, endHandling } from './sending/write-turn.ts';

/** Who is told what happens. `owner` is the one to whom it happens: so one listener serves all. */
export interface SessionListener<T> {
  message(owner: T, message: Message): void;
  ping(owner: T, payload: Buffer): void;
  pong(owner: T, payload: Buffer): void;
  /** Less than the high-water mark is waiting again. */
  drain(owner: T): void;
  /** A message was not sent, as too much is waiting. */
  dropped(owner: T, data: unknown, isBinary: boolean): void;
  /** The peer broke a rule, or a message could not be made. At most once. */
  error(owner: T, error: Error): void;
  /** The last word. */
  close(owner: T, code: number, reason: Buffer): void;
  /** A ping is to be answered. Whether the owner does that in a way of its own, and calls `done` when the pong has been written. */
  answerPing(owner: T, payload: Buffer, done: SendCallback): boolean;
  /** A close frame is to be answered, or a rule that the peer broke. Whether the owner does that in a way of its own. */
  answerClose(owner: T, code?: number, reason?: Buffer): boolean;
}

/** What is known of the end of a session, once there is something to know. */
interface Ending {
  deadline: Deadline | undefined;
  /** The peer's close code and reason. */
  code: number;
  reason: Buffer;
  closeFrameWritten: boolean;
  errorTold: boolean;
  /** How many bytes were sent too late, which count in `bufferedAmount`, as in the DOM. */
  discarded: number;
  streamClosed: boolean;
}

const sessionOf = Symbol('sessionOf');

/**
 * A stream that carries a WebSocket, or null once it has closed: it may be kept for long, and must not keep the WebSocket alive.
 */
interface AttachedStream extends Duplex {
  [sessionOf]?: Session<unknown> | null;
}

/** Whether a stream carries a WebSocket, or has carried one. */
export function isAttached(stream: Duplex): boolean {
  return (stream as AttachedStream)[sessionOf] !== undefined;
}

/** A stream with a WebSocket on it, from the end of the opening handshake to the end of the stream. */
export class Session<T> implements Sending, InboundObserver, OutboundObserver {
  readonly #owner: T;
  readonly #listener: SessionListener<T>;
  /** The async context of the upgrade, in which all events are emitted. Destroyed with the stream, not by the garbage collector. */
  readonly context = new AsyncResource('WebSocket', { requireManualDestroy: true });
  readonly #options: ConnectionOptions;
  readonly #onClosed: ((owner: T) => void) | undefined;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  /** What was negotiated, if anything was. */
  readonly extension: Extension | undefined;
  /** Whether frames that are sent have to be masked (§5.1). */
  readonly masks: boolean;

  #closing: ClosingPhase = 'open';
  #pendingAutoPongs = 0;
  #drainWaiters: DrainWaiters | undefined = undefined;
  #endingState: Ending | undefined = undefined;

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
    this.#options = options;
    this.extension = extension;
    this.masks = role === 'client';
    this.#onClosed = onClosed as ((owner: T) => void) | undefined;
    this.#inbound = new Inbound(this, {
      role,
      allowRsv1: extension !== undefined,
      allowSynchronousEvents: options.allowSynchronousEvents ?? DEFAULTS.allowSynchronousEvents,
      maxPayload: options.maxPayload ?? DEFAULTS.maxPayload,
      maxFragments: options.maxFragments,
      maxBufferedChunks: options.maxBufferedChunks ?? DEFAULTS.maxBufferedChunks,
      skipUtf8Validation: options.skipUTF8Validation ?? DEFAULTS.skipUTF8Validation,
      keepFragments: false,
    });
    this.#outbound = new Outbound(socket, { generateMask, limits: options }, this);
    this.socket[sessionOf] = this as Session<unknown>;
  }

  /** Begins to read. */
  start(head: Buffer): void {
    const socket: AttachedStream & Partial<Pick<Socket, 'setTimeout' | 'setNoDelay'>> = this.socket;
    // A time limit of the HTTP server or client is not one of the WebSocket; small frames are not to wait for more.
    socket.setTimeout?.(0);
    socket.setNoDelay?.();
    if (head.length > 0) socket.unshift(head);
    for (const [event, listener] of streamListeners) socket.on(event, listener);
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Session.name;
  }

  protected get options(): ConnectionOptions {
    return this.#options;
  }

  /** The last measured round trip, in ms, where there is a heartbeat. */
  get latency(): number | undefined {
    return undefined;
  }

  /** The connection that this is the session of. */
  get owner(): T {
    return this.#owner;
  }

  get state(): typeof OPEN | typeof CLOSING | typeof CLOSED {
    if (isClosed(this.#closing)) return CLOSED;
    return maySend(this.#closing) ? OPEN : CLOSING;
  }

  get isPaused(): boolean {
    return this.#inbound.isPaused;
  }

  /** Whether close frames have gone both ways (§7.1.4). */
  get wasClean(): boolean {
    return isClean(this.#closing) && this.ending.closeFrameWritten;
  }

  /** Bytes accepted and not yet passed to the kernel, framing included, and what was sent too late. */
  get bufferedAmount(): number {
    return this.#outbound.ledger.waiting + (this.#endingState?.discarded ?? 0);
  }

  /** Whether more is waiting than the high-water mark. If so, `drain` follows. */
  get isAboveMark(): boolean {
    return this.#outbound.ledger.isAboveMark;
  }

  /** The stream, which has been given all that was sent before. */
  get stream(): Duplex {
    this.#outbound.flush();
    return this.socket;
  }

  set keepFragments(keep: boolean) {
    this.#inbound.keepFragments = keep;
  }

  protected get socket(): AttachedStream {
    return this.#outbound.ledger.stream;
  }

  private get ending(): Ending {
    return (this.#endingState ??= {
      deadline: undefined,
      code: CloseCode.ABNORMAL_CLOSURE,
      reason: EMPTY,
      closeFrameWritten: false,
      errorTold: false,
      discarded: 0,
      streamClosed: false,
    });
  }

  // Sending.

  /** @param data what the payload was made from, for `dropped` */
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
    const { opcode, compress } = message;
    const mode: SendMode = { opcode, fin: true, compress, masked };
    if (this.#outbound.ledger.admits(mode)) this.#outbound.sendPrepared(message, masked, done);
    else this.refuse(message, mode, done);
  }

  control(opcode: Opcode, payload: string | Uint8Array | Blob, masked: boolean, done?: SendCallback): void {
    // Pongs and close frames are never refused: the peer waits for them.
    if (opcode !== Opcode.PING || this.#outbound.ledger.admits(undefined)) {
      this.#outbound.control(opcode, payload, masked, done);
    } else this.refuse(undefined, undefined, done);
  }

  /** Sends a ping that is never refused: it finds out whether a peer that does not read is still there. */
  protected controlPing(payload: Uint8Array): void {
    this.#outbound.control(Opcode.PING, payload, this.masks);
  }

  writeFrames(pieces: readonly Uint8Array[], done?: SendCallback): void {
    if (this.#outbound.ledger.admits(undefined)) this.#outbound.writeFrames(pieces, done);
    else this.refuse(undefined, undefined, done);
  }

  flush(): void {
    this.#outbound.flush();
  }

  /** Does not send something as too much is waiting, and does what `onBufferFull` says. */
  private refuse(data: unknown, mode: SendMode | undefined, done: SendCallback | undefined): void {
    const { onBufferFull = DEFAULTS.onBufferFull } = this.#options;
    const error = onBufferFull === 'drop' ? droppedError() : bufferedAmountError();
    if (done !== undefined) nextTick(done, error);
    if (onBufferFull === 'drop') {
      if (mode !== undefined) nextTick(tellDropped, this, data, mode.opcode === Opcode.BINARY);
      return;
    }
    nextTick(tellError, this, error);
    if (onBufferFull === 'close') this.close(CloseCode.POLICY_VIOLATION);
    else this.terminate();
  }

  /** Counts what was sent when it was too late. What was sent in time is told first. */
  discard(data: unknown): void {
    this.#outbound.flush();
    this.ending.discarded += payloadLength(data);
  }

  /** Less than the high-water mark is waiting again. */
  drained(): void {
    if (this.state !== OPEN) return;
    this.#drainWaiters?.resolve();
    try {
      this.context.runInAsyncScope(() => this.#listener.drain(this.#owner));
    } catch (error) {
      // What waits to be sent must go on, whatever the listener does.
      throwLater(error);
    }
  }

  /** Resolves when at most the high-water mark is waiting. */
  async drainedOrAborted(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.state !== OPEN) throw lostError(this.state);
    if (this.isAboveMark) await (this.#drainWaiters ??= new DrainWaiters()).add(signal);
  }

  /** A message could not be made: the peer may still finish what it is sending. */
  sendFailed(error: Error): void {
    if (this.state === CLOSED) return;
    if (this.state === OPEN) this.startCloseDeadline();
    this.advance('lose');
    this.#outbound.end();
    this.tellError(error);
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

  // The closing handshake.

  terminate(): void {
    if (this.state === CLOSED) return;
    this.#outbound.flush();
    this.advance('lose');
    this.socket.destroy();
  }

  /** Sends the close frame, if none has been sent. */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this.state === CLOSING) {
      this.startCloseDeadline();
      this.endWhenOver();
    }
    if (this.state !== OPEN) return;
    const payload = formatClosePayload(code, reason);
    this.advance('send');
    // First, as a maker of masking keys may throw.
    this.startCloseDeadline();
    this.#outbound.control(Opcode.CLOSE, payload, this.masks, (error) => {
      // A socket that could not write it is about to close anyway.
      if (error) return;
      this.ending.closeFrameWritten = true;
      this.endWhenOver();
    });
  }

  private advance(event: ClosingEvent): void {
    this.#closing = nextClosingPhase(this.#closing, event);
    if (this.state !== OPEN) this.#drainWaiters?.reject(lostError(this.state));
  }

  private startCloseDeadline(): void {
    const { closeTimeout = DEFAULTS.closeTimeout } = this.#options;
    this.ending.deadline ??= setDeadline(closeTimeout, destroy, this.socket);
  }

  private endWhenOver(): void {
    if (this.ending.closeFrameWritten && isOver(this.#closing)) this.#outbound.end();
  }

  /** Nothing more is read: what still comes is thrown away, so that the socket's end is seen. */
  private discardInput(): void {
    this.#inbound.end();
    if (!this.ending.streamClosed) nextTick(resume, this.socket);
  }

  tellError(error: Error): void {
    if (this.ending.errorTold) return;
    this.ending.errorTold = true;
    // A message may fail in the context of another connection, or of a sender.
    this.context.runInAsyncScope(() => this.#listener.error(this.#owner, error));
  }

  tellDropped(data: unknown, isBinary: boolean): void {
    if (this.state === CLOSED) return;
    this.context.runInAsyncScope(() => this.#listener.dropped(this.#owner, data, isBinary));
  }

  private tellClose(): void {
    this.advance('end');
    this.extension?.close();
    this.#outbound.abandon();
    this.#onClosed?.(this.#owner);
    this.context.emitDestroy();
    this.#listener.close(this.#owner, this.ending.code, this.ending.reason);
  }

  // What the peer sent.

  message(message: Message): void {
    this.#listener.message(this.#owner, message);
  }

  ping(payload: Uint8Array): void {
    if ((this.#options.autoPong ?? DEFAULTS.autoPong) && this.state === OPEN) {
      this.answerPing(payload as Buffer);
    }
    this.#listener.ping(this.#owner, payload as Buffer);
  }

  pong(payload: Uint8Array): void {
    this.#listener.pong(this.#owner, payload as Buffer);
  }

  peerClosed({ code, reason }: ClosePayload): void {
    this.advance('receive');
    this.ending.code = code;
    // A copy: the reason is not to keep the chunk alive that it came in.
    if (reason.length > 0) this.ending.reason = Buffer.from(reason);
    this.discardInput();
    if (code === (CloseCode.NO_STATUS_RECEIVED as number)) this.answerClose();
    else this.answerClose(code, reason as Buffer);
  }

  peerFailed(error: InboundError): void {
    this.advance('fail');
    this.discardInput();
    this.answerClose(error.closeCode ?? CloseCode.INVALID_FRAME_PAYLOAD_DATA);
    this.tellError(error);
  }

  caughtUp(): void {
    if (this.#endingState?.streamClosed === true) this.tellClose();
    else if (!this.isPaused) this.socket.resume();
  }

  /** §5.5.2: "MUST send a Pong frame in response"; a peer that does not read its pongs is not to fill our memory. */
  private answerPing(payload: Buffer): void {
    const { maxPendingAutoPongs = DEFAULTS.maxPendingAutoPongs } = this.#options;
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
    // After it, as a maker of masking keys may throw.
    this.#pendingAutoPongs++;
  }

  private answerClose(code?: number, reason?: Buffer): void {
    if (this.ending.streamClosed) return;
    if (!this.#listener.answerClose(this.#owner, code, reason)) this.close(code, reason);
  }

  // What happened to the stream.

  streamData(chunk: Buffer): void {
    beginHandling();
    try {
      if (!this.#inbound.read(chunk, isOnlyUse(this.socket, chunk))) this.socket.pause();
    } finally {
      endHandling();
    }
  }

  streamEnded(): void {
    this.advance('lose');
    // A peer that has ended its side may still never read the rest of ours.
    this.startCloseDeadline();
    this.#outbound.end();
  }

  streamFailed(): void {
    this.advance('lose');
    this.socket.destroy();
  }

  streamClosed(): void {
    clearDeadline(this.ending.deadline);
    this.advance('lose');
    this.ending.streamClosed = true;
    this.socket[sessionOf] = null;
    if (!readsOn(this.#closing)) {
      this.#inbound.finish();
      return;
    }
    // What came before the end is delivered, even to who has paused. From Node 26 on read() gives one chunk at a time.
    for (let rest; (rest = this.socket.read() as Buffer | null) !== null;) this.streamData(rest);
    // A stream in memory closes as soon as it is destroyed: callbacks of sends made right after that come before the end.
    nextTick(finish, this.#inbound);
  }
}

/** A listener of the streams of all sessions, which calls `take` in the context of the stream's session. */
function listener(take: (session: Session<unknown>, argument: unknown) => void) {
  return function (this: AttachedStream, argument: unknown): void {
    const session = this[sessionOf];
    if (session) session.context.runInAsyncScope(take, undefined, session, argument);
  };
}

const streamListeners = [
  [
    'close',
    listener((session) => {
      session.streamClosed();
    }),
  ],
  [
    'data',
    listener((session, chunk) => {
      session.streamData(chunk as Buffer);
    }),
  ],
  [
    'end',
    listener((session) => {
      session.streamEnded();
    }),
  ],
  [
    'error',
    listener((session) => {
      session.streamFailed();
    }),
  ],
] as const;

function tellError(session: Session<unknown>, error: Error): void {
  session.tellError(error);
}

function tellDropped(session: Session<unknown>, data: unknown, isBinary: boolean): void {
  session.tellDropped(data, isBinary);
}

function finish(inbound: Inbound): void {
  inbound.finish();
}

function resume(socket: Duplex): void {
  socket.resume();
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
