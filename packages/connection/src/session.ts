// What happens between a stream and its WebSocket: both directions, the closing handshake, the end. Told in one place.
import { AsyncResource } from 'node:async_hooks';
import { Buffer, type Blob } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CloseCode,
  formatClosePayload,
  isOver,
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
import { Inbound, type InboundError, type InboundListener } from './receiving/inbound.ts';
import { EMPTY } from './sending/payload.ts';
import { DEFAULTS, type ConnectionOptions, type OpenOptions } from './options.ts';
import { Outbound, type Sending, type SendMode } from './sending/outbound.ts';
import { bufferedAmountError, type SendCallback } from './sending/send-callback.ts';
import { CLOSED, CLOSING, OPEN } from './ready-state.ts';
import { nextTick } from './scheduling.ts';
import { beginHandling, endHandling } from './sending/write-turn.ts';

/** Who is told what happens. `owner` is the one to whom it happens: so one listener serves all. */
export interface SessionListener<T> {
  message(owner: T, message: Message): void;
  ping(owner: T, payload: Buffer): void;
  pong(owner: T, payload: Buffer): void;
  /** The peer broke a rule, or a message could not be made. At most once. */
  error(owner: T, error: Error): void;
  /** The last word. */
  close(owner: T, code: number, reason: Buffer): void;
  /** A ping is to be answered; `done` is called when the pong has been written. */
  answerPing(owner: T, payload: Buffer, done: SendCallback): void;
  /** The peer's close frame is to be answered, or a rule that it broke: by closing, with a code or without. */
  answerClose(owner: T, code?: number, reason?: Buffer): void;
  /** The peer does not read its pongs. */
  giveUp(owner: T): void;
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

// One listener for each event of all sessions: made where the class lets them in, at its end.
let inboundListener: InboundListener<Session<unknown>>;
let socketListeners: readonly (readonly [event: string, listener: (argument: unknown) => void])[];
let failSending: (session: Session<unknown>, error: Error) => void;
let tellError: (session: Session<unknown>, error: Error) => void;

/** A stream with a WebSocket on it, from the end of the opening handshake to the end of the stream. */
export class Session<T> implements Sending {
  readonly #owner: T;
  readonly #listener: SessionListener<T>;
  /** The async context of the upgrade, in which all events are emitted. Destroyed with the stream, not by the garbage collector. */
  readonly #context = new AsyncResource('WebSocket', { requireManualDestroy: true });
  readonly #options: ConnectionOptions;
  readonly #socket: AttachedStream;
  readonly #masks: boolean;
  readonly #maxBufferedAmount: number;
  readonly #extension: Extension | undefined;
  readonly #onClosed: ((owner: T) => void) | undefined;
  readonly #inbound: Inbound<Session<unknown>>;
  readonly #outbound: Outbound<Session<unknown>>;

  #state: typeof OPEN | typeof CLOSING | typeof CLOSED = OPEN;
  #paused = false;
  #closing: ClosingPhase = 'open';
  #closeFrameWritten = false;
  #closeDeadline: Deadline | undefined = undefined;
  #closeCode: number = CloseCode.ABNORMAL_CLOSURE;
  #closeReason = EMPTY;
  #errorTold = false;
  #socketClosed = false;
  #pendingAutoPongs = 0;

  constructor(
    socket: Duplex,
    options: ConnectionOptions,
    opened: OpenOptions,
    owner: T,
    listener: SessionListener<T>,
  ) {
    const { role = 'server', extension, generateMask, onClosed } = opened;
    // The listeners of all sessions need not know whose they are.
    const self = this as Session<unknown>;
    this.#owner = owner;
    this.#listener = listener;
    this.#options = options;
    this.#socket = socket;
    this.#masks = role === 'client';
    this.#maxBufferedAmount = options.maxBufferedAmount ?? DEFAULTS.maxBufferedAmount;
    this.#extension = extension;
    this.#onClosed = onClosed as ((owner: T) => void) | undefined;
    this.#inbound = new Inbound(self, inboundListener, {
      context: this.#context,
      role,
      extension,
      allowSynchronousEvents: options.allowSynchronousEvents ?? DEFAULTS.allowSynchronousEvents,
      maxPayload: options.maxPayload ?? DEFAULTS.maxPayload,
      maxFragments: options.maxFragments,
      maxBufferedChunks: options.maxBufferedChunks ?? DEFAULTS.maxBufferedChunks,
      skipUtf8Validation: options.skipUTF8Validation ?? DEFAULTS.skipUTF8Validation,
    });
    this.#outbound = new Outbound(socket, extension, generateMask, failSending, self);
    this.#socket[sessionOf] = self;
  }

  /** Begins to read. */
  start(head: Buffer): void {
    const socket: AttachedStream & Partial<Pick<Socket, 'setTimeout' | 'setNoDelay'>> = this.#socket;
    // A time limit of the HTTP server or client is not one of the WebSocket; small frames are not to wait for more.
    socket.setTimeout?.(0);
    socket.setNoDelay?.();
    if (head.length > 0) socket.unshift(head);
    for (const [event, listener] of socketListeners) socket.on(event, listener);
  }

  /** The name of the class. `reactive()` of Vue wraps objects without one in proxies, which have no private fields. */
  get [Symbol.toStringTag](): string {
    return Session.name;
  }

  /** The connection that this is the session of. */
  get owner(): T {
    return this.#owner;
  }

  get state(): typeof OPEN | typeof CLOSING | typeof CLOSED {
    return this.#state;
  }

  /** Whether frames that are sent have to be masked (§5.1). */
  get masks(): boolean {
    return this.#masks;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Whether close frames have gone both ways (§7.1.4). */
  get wasClean(): boolean {
    return this.#closing === 'complete' && this.#closeFrameWritten;
  }

  /** What was negotiated, if anything was. */
  get extension(): Extension | undefined {
    return this.#extension;
  }

  get bufferedAmount(): number {
    return this.#outbound.bufferedAmount;
  }

  /** The stream, which has been given all that was sent before. */
  get stream(): Duplex {
    this.#outbound.flush();
    return this.#socket;
  }

  set keepFragments(keep: boolean) {
    this.#inbound.keepFragments = keep;
  }

  send(payload: string | Uint8Array | Blob, mode: SendMode, done: SendCallback | undefined): void {
    if (this.#maxBufferedAmount === 0 || this.#mayBuffer(done)) this.#outbound.send(payload, mode, done);
  }

  control(opcode: Opcode, payload: string | Uint8Array | Blob, masked: boolean, done?: SendCallback): void {
    if (this.#maxBufferedAmount === 0 || this.#mayBuffer(done)) {
      this.#outbound.control(opcode, payload, masked, done);
    }
  }

  writeFrames(pieces: readonly Uint8Array[], done?: SendCallback): void {
    if (this.#maxBufferedAmount === 0 || this.#mayBuffer(done)) this.#outbound.writeFrames(pieces, done);
  }

  /** Whether more may wait to be written; if not, the peer has been too slow for too long, and the connection ends. */
  #mayBuffer(done: SendCallback | undefined): boolean {
    if (this.#outbound.waitingAmount <= this.#maxBufferedAmount) return true;
    const error = bufferedAmountError();
    if (done !== undefined) nextTick(done, error);
    nextTick(tellError, this, error);
    this.terminate();
    return false;
  }

  /** Counts what was sent when it was too late. */
  discard(data: unknown): void {
    this.#outbound.discard(data);
  }

  pause(): void {
    if (this.#state === CLOSED) return;
    this.#paused = true;
    this.#inbound.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (this.#state === CLOSED) return;
    this.#paused = false;
    this.#inbound.resume();
    if (!this.#inbound.hasBacklog) this.#socket.resume();
  }

  terminate(): void {
    if (this.#state === CLOSED) return;
    this.#outbound.flush();
    this.#state = CLOSING;
    this.#socket.destroy();
  }

  // The closing handshake.

  /** Sends the close frame, if none has been sent. */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this.#state === CLOSING) {
      this.#startCloseDeadline();
      this.#endWhenOver();
    }
    if (this.#state !== OPEN) return;
    const payload = formatClosePayload(code, reason);
    this.#advance('send');
    this.#state = CLOSING;
    // First, as a maker of masking keys may throw.
    this.#startCloseDeadline();
    this.#outbound.control(Opcode.CLOSE, payload, this.#masks, (error) => {
      // A socket that could not write it is about to close anyway.
      if (error) return;
      this.#closeFrameWritten = true;
      this.#endWhenOver();
    });
  }

  #advance(event: ClosingEvent): void {
    this.#closing = nextClosingPhase(this.#closing, event);
  }

  #startCloseDeadline(): void {
    const { closeTimeout = DEFAULTS.closeTimeout } = this.#options;
    this.#closeDeadline ??= setDeadline(closeTimeout, destroy, this.#socket);
  }

  #endWhenOver(): void {
    if (this.#closeFrameWritten && isOver(this.#closing)) this.#outbound.end();
  }

  /** Nothing more is read: what still comes is thrown away, so that the socket's end is seen. */
  #discardInput(): void {
    this.#inbound.end();
    if (!this.#socketClosed) nextTick(resume, this.#socket);
  }

  #tellError(error: Error): void {
    if (this.#errorTold) return;
    this.#errorTold = true;
    // A message may fail in the context of another connection, or of a sender.
    this.#context.runInAsyncScope(() => this.#listener.error(this.#owner, error));
  }

  #tellClose(): void {
    this.#state = CLOSED;
    this.#extension?.close();
    this.#outbound.abandon();
    this.#onClosed?.(this.#owner);
    this.#context.emitDestroy();
    this.#listener.close(this.#owner, this.#closeCode, this.#closeReason);
  }

  /** A message could not be made: the peer may still finish what it is sending. */
  #failSending(error: Error): void {
    if (this.#state === CLOSED) return;
    if (this.#state === OPEN) {
      this.#state = CLOSING;
      this.#startCloseDeadline();
    }
    this.#outbound.end();
    this.#tellError(error);
  }

  // What the peer sent.

  #onPing(payload: Buffer): void {
    if ((this.#options.autoPong ?? DEFAULTS.autoPong) && this.#state === OPEN) this.#answerPing(payload);
    this.#listener.ping(this.#owner, payload);
  }

  /** §5.5.2: "MUST send a Pong frame in response"; a peer that does not read its pongs is not to fill our memory. */
  #answerPing(payload: Buffer): void {
    const { maxPendingAutoPongs = DEFAULTS.maxPendingAutoPongs } = this.#options;
    if (maxPendingAutoPongs > 0 && this.#pendingAutoPongs >= maxPendingAutoPongs) {
      this.#listener.giveUp(this.#owner);
      return;
    }
    this.#listener.answerPing(this.#owner, payload, () => {
      this.#pendingAutoPongs--;
    });
    // Behind it, as a maker of masking keys may throw.
    this.#pendingAutoPongs++;
  }

  #onCloseFrame({ code, reason }: ClosePayload): void {
    this.#advance('receive');
    this.#closeCode = code;
    // A copy: the reason is not to keep the chunk alive that it came in.
    if (reason.length > 0) this.#closeReason = Buffer.from(reason);
    this.#discardInput();
    if (this.#socketClosed) return;
    if (code === (CloseCode.NO_STATUS_RECEIVED as number)) this.#listener.answerClose(this.#owner);
    else this.#listener.answerClose(this.#owner, code, reason as Buffer);
  }

  #onError(error: InboundError): void {
    this.#advance('fail');
    this.#discardInput();
    if (!this.#socketClosed) {
      this.#listener.answerClose(this.#owner, error.closeCode ?? CloseCode.INVALID_FRAME_PAYLOAD_DATA);
    }
    this.#tellError(error);
  }

  #onDrained(): void {
    if (this.#socketClosed) this.#tellClose();
    else if (!this.#paused) this.#socket.resume();
  }

  // What happened to the socket.

  #onSocketData(chunk: Buffer): void {
    beginHandling();
    try {
      if (!this.#inbound.read(chunk)) this.#socket.pause();
    } finally {
      endHandling();
    }
  }

  #onSocketEnd(): void {
    this.#state = CLOSING;
    // A peer that has ended its side may still never read the rest of ours.
    this.#startCloseDeadline();
    this.#outbound.end();
  }

  #onSocketError(): void {
    this.#state = CLOSING;
    this.#socket.destroy();
  }

  #onSocketClose(): void {
    clearDeadline(this.#closeDeadline);
    this.#state = CLOSING;
    this.#socketClosed = true;
    this.#socket[sessionOf] = null;
    if (!readsOn(this.#closing)) {
      this.#inbound.finish();
      return;
    }
    // What came before the end is delivered, even to who has paused. From Node 26 on read() gives one chunk at a time.
    for (let rest; (rest = this.#socket.read() as Buffer | null) !== null;) this.#onSocketData(rest);
    // A stream in memory closes as soon as it is destroyed: callbacks of sends made right after that come before the end.
    nextTick(finish, this.#inbound);
  }

  static {
    failSending = (session, error) => {
      session.#failSending(error);
    };
    tellError = (session, error) => {
      session.#tellError(error);
    };
    inboundListener = {
      message: (session, message) => session.#listener.message(session.#owner, message),
      ping: (session, payload) => session.#onPing(payload as Buffer),
      pong: (session, payload) => session.#listener.pong(session.#owner, payload as Buffer),
      close: (session, payload) => session.#onCloseFrame(payload),
      error: (session, error) => session.#onError(error),
      drained: (session) => session.#onDrained(),
    };
    const listener = (take: (session: Session<unknown>, argument: unknown) => void) =>
      function (this: AttachedStream, argument: unknown): void {
        const session = this[sessionOf];
        if (session) session.#context.runInAsyncScope(take, undefined, session, argument);
      };
    socketListeners = [
      ['close', listener((session) => session.#onSocketClose())],
      ['data', listener((session, chunk) => session.#onSocketData(chunk as Buffer))],
      ['end', listener((session) => session.#onSocketEnd())],
      ['error', listener((session) => session.#onSocketError())],
    ];
  }
}

function finish(inbound: Inbound<unknown>): void {
  inbound.finish();
}

function resume(socket: Duplex): void {
  socket.resume();
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
