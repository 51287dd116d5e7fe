// One open WebSocket over any Duplex: what its user holds, and where what happens to it is decided and told.
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { formatClosePayload, CloseCode, Opcode, type ClosePayload, type Message } from '@framewire/codec';
import { clearDeadline, setDeadline, type Deadline } from './clock.ts';
import {
  isOver,
  nextClosingPhase,
  readsOn,
  type ClosingEvent,
  type ClosingPhase,
} from './closing-handshake.ts';
import { DomEventTarget } from './dom-event-target.ts';
import type { Extension } from './extension.ts';
import { Inbound, type InboundError, type InboundListener } from './inbound.ts';
import { EMPTY, isBinaryType, isBlob, payloadLength, toPayload, toRawData } from './message-data.ts';
import type { BinaryType, SendableData } from './message-data.ts';
import { DEFAULTS, type ConnectionOptions, type OpenOptions } from './options.ts';
import { Outbound, type SendCallback } from './outbound.ts';
import { CLOSED, CLOSING, CONNECTING, notOpenError, OPEN, type ReadyState } from './ready-state.ts';
import { beginHandling, endHandling } from './write-turn.ts';

/** How to send one message. */
export interface SendOptions {
  /** Whether it is binary. Default: whether it is not a string. */
  binary?: boolean | undefined;
  /** Whether it may be compressed, where that was negotiated. Default true. */
  compress?: boolean | undefined;
  /** Whether it is the last fragment of its message. Default true. */
  fin?: boolean | undefined;
  /** Whether it is masked (§5.1). Default: as the role demands. */
  mask?: boolean | undefined;
}

/** The longest payload of a control frame, in bytes (§5.5). */
const MAX_CONTROL_PAYLOAD = 125;

const connectionOf = Symbol('connectionOf');

/** A stream that carries a WebSocket. */
interface AttachedStream extends Duplex {
  [connectionOf]?: WebSocketConnection | undefined;
}

/** Whether a stream carries a WebSocket already. */
export function isAttached(stream: Duplex): boolean {
  return (stream as AttachedStream)[connectionOf] !== undefined;
}

/** How messages are sent for which the user wants nothing special: one object for each, not one a message. */
const DEFAULT_MODES = [false, true].map((masked) => ({
  text: { opcode: Opcode.TEXT, fin: true, compress: true, masked },
  binary: { opcode: Opcode.BINARY, fin: true, compress: true, masked },
}));

type ControlArguments = [
  data?: SendableData | SendCallback,
  second?: boolean | SendCallback,
  third?: SendCallback,
];

const CLOSED_EARLY = 'WebSocket was closed before the connection was established';

// One listener for each event of all connections; they are made where the class lets them in, at its end.
let inboundListener: InboundListener<WebSocketConnection>;
let failSending: (connection: WebSocketConnection, error: Error) => void;
let socketListeners: readonly (readonly [event: string, listener: (argument: unknown) => void])[];

function resumeSocket(socket: Duplex | undefined): void {
  socket?.resume();
}

function destroySocket(socket: Duplex | undefined): void {
  socket?.destroy();
}

/**
 * A WebSocket, open or on its way there or back. Clients and servers make theirs from this class; on its own it turns any
 * `Duplex` on which an opening handshake has been done, by whomever, into a WebSocket.
 *
 * Events: `open`; `message` (data, isBinary); `ping` and `pong` (payload); `error` (error; a peer that broke a rule is told in
 * `error.code`); `close` (code, reason), the last one.
 *
 * @example
 * ```ts
 * const ws = new WebSocketConnection();
 * ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
 * ws.setSocket(stream, head, { role: 'server' });
 * ```
 */
export class WebSocketConnection extends DomEventTarget {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;

  declare readonly CONNECTING: typeof CONNECTING;
  declare readonly OPEN: typeof OPEN;
  declare readonly CLOSING: typeof CLOSING;
  declare readonly CLOSED: typeof CLOSED;

  readonly #options: ConnectionOptions;
  #readyState: ReadyState = CONNECTING;
  #binaryType: BinaryType = 'nodebuffer';
  #protocol = '';
  #masks = false;
  #paused = false;

  /** The stream and its two sides, from {@link WebSocketConnection.setSocket} on. */
  #socket: AttachedStream | undefined = undefined;
  #inbound: Inbound<WebSocketConnection> | undefined = undefined;
  #outbound: Outbound<WebSocketConnection> | undefined = undefined;
  #extension: Extension | undefined = undefined;

  #closing: ClosingPhase = 'open';
  #closeFrameWritten = false;
  #closeDeadline: Deadline | undefined = undefined;
  #closeCode: number = CloseCode.ABNORMAL_CLOSURE;
  #closeReason = EMPTY;
  #errorEmitted = false;
  #socketClosed = false;
  #pendingAutoPongs = 0;
  /** What was sent to a connection that never opened counts in `bufferedAmount` for ever, as in the DOM. */
  #discarded = 0;

  constructor(options: ConnectionOptions = {}) {
    super();
    this.#options = options;
  }

  /** What binary messages arrive as. Default `nodebuffer`; anything but the four types is ignored. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (!isBinaryType(type)) return;
    this.#binaryType = type;
    if (this.#inbound !== undefined) this.#inbound.keepFragments = type === 'fragments';
  }

  /** Bytes that `send()` accepted and that are not yet handed to the kernel, framing included. */
  get bufferedAmount(): number {
    return this.#outbound?.bufferedAmount ?? this.#discarded;
  }

  /** The name of the negotiated extension, or an empty string. */
  get extensions(): string {
    return this.#extension?.name ?? '';
  }

  /** Whether {@link WebSocketConnection.pause} is in force. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** The subprotocol that was chosen, or an empty string. */
  get protocol(): string {
    return this.#protocol;
  }

  /** `CONNECTING` (0), `OPEN` (1), `CLOSING` (2) or `CLOSED` (3). */
  get readyState(): ReadyState {
    return this.#readyState;
  }

  /** Whether close frames have gone both ways (§7.1.4). */
  override get wasClean(): boolean {
    return this.#closing === 'complete' && this.#closeFrameWritten;
  }

  /** The stream underneath, for who has to look there. All that was sent before has been handed to it. */
  protected get socket(): Duplex | undefined {
    this.#outbound?.flush();
    return this.#socket;
  }

  /**
   * Makes this the WebSocket of a stream on which the opening handshake has been done, and emits `open`.
   *
   * @param head what was read from the stream behind the handshake
   * @throws `Error` when this has a stream already, or the stream a WebSocket
   */
  setSocket(socket: Duplex, head: Buffer, options: OpenOptions): void {
    if (this.#socket !== undefined || isAttached(socket)) throw new Error('The socket is in use already');
    this.#attach(socket, options);
    // A time limit of the HTTP server or client is not one of the WebSocket; small frames are not to wait for more.
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay();
    if (head.length > 0) socket.unshift(head);
    for (const [event, listener] of socketListeners) socket.on(event, listener);
    this.#readyState = OPEN;
    this.emit('open');
  }

  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data a string goes as text, a number likewise; bytes in any container and a `Blob` go as binary
   * @param callback called once it has been handed to the kernel, or with the reason why not
   * @throws `Error` while connecting; `TypeError` for data of another kind. Later than that, errors go to the callback alone.
   */
  send(data: SendableData, callback?: SendCallback): void;
  send(data: SendableData, options: SendOptions | undefined, callback?: SendCallback): void;
  send(data: SendableData, second?: SendOptions | SendCallback, third?: SendCallback): void {
    const options = typeof second === 'function' ? undefined : second;
    const callback = typeof second === 'function' ? second : third;
    const outbound = this.#outboundFor(data, callback);
    if (outbound === undefined) return;
    const payload = isBlob(data) ? data : toPayload(data);
    const isText = typeof payload === 'string';
    const defaults = DEFAULT_MODES[this.#masks ? 1 : 0] as (typeof DEFAULT_MODES)[0];
    if (options === undefined) {
      outbound.send(payload, isText ? defaults.text : defaults.binary, callback);
      return;
    }
    const mode = {
      opcode: (options.binary ?? !isText) ? Opcode.BINARY : Opcode.TEXT,
      fin: options.fin ?? true,
      compress: options.compress ?? true,
      masked: options.mask ?? this.#masks,
    };
    outbound.send(payload, mode, callback);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @param data at most 125 bytes. Default: none.
   * @param mask whether it is masked. Default: as the role demands.
   * @throws `RangeError` for more than 125 bytes, `Error` while connecting, `TypeError` for data that is neither text nor bytes
   */
  ping(callback?: SendCallback): void;
  ping(data: SendableData | undefined, callback?: SendCallback): void;
  ping(data: SendableData | undefined, mask: boolean | undefined, callback?: SendCallback): void;
  ping(...args: ControlArguments): void {
    this.#sendControl(Opcode.PING, ...args);
  }

  /** Sends a pong (§5.5.3) that no ping asked for. As {@link WebSocketConnection.ping} otherwise. */
  pong(callback?: SendCallback): void;
  pong(data: SendableData | undefined, callback?: SendCallback): void;
  pong(data: SendableData | undefined, mask: boolean | undefined, callback?: SendCallback): void;
  pong(...args: ControlArguments): void {
    this.#sendControl(Opcode.PONG, ...args);
  }

  /**
   * Starts the closing handshake (§7.1.2), or does nothing where it has begun. What was sent before goes out first; what the
   * peer sends before its own close frame still arrives. While connecting it gives the attempt up.
   *
   * @param code 1000-1014 but 1004-1006, or 3000-4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws `TypeError` for another code or a reason that is neither a string nor a `Uint8Array`, `RangeError` for a longer one
   */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this.#readyState === CONNECTING) this.abortHandshake(new Error(CLOSED_EARLY));
    else if (this.#readyState === CLOSING) this.#endWhenOver();
    else if (this.#readyState === OPEN) this.#sendClose(formatClosePayload(code, reason));
  }

  /** Destroys the socket, without a closing handshake; what was sent before is left to the kernel where it takes it. */
  terminate(): void {
    if (this.#readyState === CLOSED) return;
    if (this.#readyState === CONNECTING) {
      this.abortHandshake(new Error(CLOSED_EARLY));
      return;
    }
    this.#outbound?.flush();
    this.#readyState = CLOSING;
    this.#socket?.destroy();
  }

  /** Stops events of messages, pings and pongs, and reading from the socket. */
  pause(): void {
    if (this.#socket === undefined || this.#readyState === CLOSED) return;
    this.#paused = true;
    this.#inbound?.pause();
    this.#socket.pause();
  }

  /** Goes on after {@link WebSocketConnection.pause}. */
  resume(): void {
    if (this.#socket === undefined || this.#readyState === CLOSED) return;
    this.#paused = false;
    this.#inbound?.resume();
    if (this.#inbound?.hasBacklog !== true) this.#socket.resume();
  }

  /** Gives up an attempt to connect: told to by {@link WebSocketConnection.close}. For the class that makes the attempt. */
  protected abortHandshake(error: Error): void {
    this.#readyState = CLOSING;
    process.nextTick(() => {
      this.failHandshake(error);
    });
  }

  /** The attempt to connect has failed: tells `error` and `close`. */
  protected failHandshake(error: Error): void {
    this.#readyState = CLOSING;
    this.#errorEmitted = true;
    this.emit('error', error);
    this.#emitClose();
  }

  #attach(socket: AttachedStream, { role, protocol, extension, generateMask }: OpenOptions): void {
    const options = this.#options;
    this.#socket = socket;
    this.#masks = role === 'client';
    this.#protocol = protocol ?? '';
    this.#extension = extension;
    this.#inbound = new Inbound<WebSocketConnection>(this, inboundListener, {
      role,
      extension,
      allowSynchronousEvents: options.allowSynchronousEvents ?? DEFAULTS.allowSynchronousEvents,
      maxPayload: options.maxPayload ?? DEFAULTS.maxPayload,
      maxFragments: options.maxFragments ?? DEFAULTS.maxFragments,
      maxBufferedChunks: options.maxBufferedChunks ?? DEFAULTS.maxBufferedChunks,
      skipUtf8Validation: options.skipUTF8Validation ?? DEFAULTS.skipUTF8Validation,
    });
    this.#inbound.keepFragments = this.#binaryType === 'fragments';
    this.#outbound = new Outbound<WebSocketConnection>(socket, extension, generateMask, failSending, this);
    socket[connectionOf] = this;
  }

  /** The way out, if it is open; else the error goes where it belongs. */
  #outboundFor(data: unknown, callback: SendCallback | undefined): Outbound<WebSocketConnection> | undefined {
    if (this.#readyState === OPEN) return this.#outbound;
    if (this.#readyState === CONNECTING) throw notOpenError(CONNECTING);
    if (this.#outbound !== undefined) this.#outbound.discard(data);
    else this.#discarded += payloadLength(data);
    if (callback !== undefined) process.nextTick(callback, notOpenError(this.#readyState));
    return undefined;
  }

  #sendControl(opcode: Opcode, ...[data, second, third]: ControlArguments): void {
    const callback = [data, second, third].find((argument) => typeof argument === 'function');
    const content = typeof data === 'function' ? undefined : data;
    const masked = typeof second === 'boolean' ? second : this.#masks;
    const outbound = this.#outboundFor(content, callback);
    if (outbound === undefined) return;
    const payload = isBlob(content) ? content : toPayload(content);
    if (payloadLength(payload) > MAX_CONTROL_PAYLOAD) {
      throw new RangeError('The data size must not be greater than 125 bytes');
    }
    outbound.control(opcode, payload, masked, callback);
  }

  // The closing handshake.

  #advance(event: ClosingEvent): void {
    this.#closing = nextClosingPhase(this.#closing, event);
  }

  #sendClose(payload: Uint8Array): void {
    this.#advance('send');
    this.#readyState = CLOSING;
    this.#outbound?.control(Opcode.CLOSE, payload, this.#masks, (error) => {
      // A socket that could not write it is about to close anyway.
      if (error) return;
      this.#closeFrameWritten = true;
      this.#endWhenOver();
    });
    this.#startCloseDeadline();
  }

  #startCloseDeadline(): void {
    const { closeTimeout = DEFAULTS.closeTimeout } = this.#options;
    this.#closeDeadline ??= setDeadline(closeTimeout, destroySocket, this.#socket);
  }

  #endWhenOver(): void {
    if (this.#closeFrameWritten && isOver(this.#closing)) this.#endSocket();
  }

  #endSocket(): void {
    this.#outbound?.flush();
    this.#socket?.end();
  }

  /** Nothing more is read: what still comes is thrown away, so that the socket's end is seen. */
  #discardInput(): void {
    this.#inbound?.end();
    if (!this.#socketClosed) process.nextTick(resumeSocket, this.#socket);
  }

  #emitClose(): void {
    this.#readyState = CLOSED;
    this.#extension?.close();
    this.#outbound?.abandon(new Error('The socket was closed before the data could be sent'));
    this.emit('close', this.#closeCode, this.#closeReason);
  }

  #emitError(error: Error): void {
    if (this.#errorEmitted) return;
    this.#errorEmitted = true;
    this.emit('error', error);
  }

  /** A message could not be made: the peer may still finish what it is sending. */
  #failSending(error: Error): void {
    if (this.#readyState === CLOSED) return;
    if (this.#readyState === OPEN) {
      this.#readyState = CLOSING;
      this.#startCloseDeadline();
    }
    this.#endSocket();
    this.#emitError(error);
  }

  // What the peer sent.

  #onMessage(message: Message): void {
    this.emit('message', toRawData(message, this.#binaryType), message.opcode === Opcode.BINARY);
  }

  #onPing(payload: Buffer): void {
    if ((this.#options.autoPong ?? DEFAULTS.autoPong) && this.#readyState === OPEN) this.#answerPing(payload);
    this.emit('ping', payload);
  }

  /** §5.5.2: "MUST send a Pong frame in response"; a peer that does not read its pongs is not to fill our memory. */
  #answerPing(payload: Buffer): void {
    const { maxPendingAutoPongs = DEFAULTS.maxPendingAutoPongs } = this.#options;
    if (maxPendingAutoPongs > 0 && this.#pendingAutoPongs >= maxPendingAutoPongs) {
      this.terminate();
      return;
    }
    this.#pendingAutoPongs++;
    this.#outbound?.control(Opcode.PONG, payload, this.#masks, () => {
      this.#pendingAutoPongs--;
    });
  }

  #onCloseFrame({ code, reason }: ClosePayload): void {
    this.#advance('receive');
    this.#closeCode = code;
    // A copy: the reason is not to keep the chunk alive that it came in.
    if (reason.length > 0) this.#closeReason = Buffer.from(reason);
    this.#discardInput();
    if (this.#socketClosed) return;
    if (code === (CloseCode.NO_STATUS_RECEIVED as number)) this.close();
    else this.close(code, reason);
  }

  #onInboundError(error: InboundError): void {
    this.#advance('fail');
    this.#discardInput();
    if (!this.#socketClosed) this.close(error.closeCode ?? CloseCode.INVALID_FRAME_PAYLOAD_DATA);
    this.#emitError(error);
  }

  #onDrained(): void {
    if (this.#socketClosed) this.#emitClose();
    else if (!this.#paused) this.#socket?.resume();
  }

  // What happened to the socket.

  #onSocketData(chunk: Buffer): void {
    beginHandling();
    try {
      if (this.#inbound?.read(chunk) === false) this.#socket?.pause();
    } finally {
      endHandling();
    }
  }

  #onSocketEnd(): void {
    this.#readyState = CLOSING;
    this.#endSocket();
  }

  #onSocketError(): void {
    this.#readyState = CLOSING;
    this.#socket?.destroy();
  }

  #onSocketClose(): void {
    clearDeadline(this.#closeDeadline);
    this.#readyState = CLOSING;
    this.#socketClosed = true;
    // What came before the end is delivered, even to who has paused.
    const rest = readsOn(this.#closing) ? (this.#socket?.read() as Buffer | null) : null;
    if (rest !== null) this.#onSocketData(rest);
    this.#inbound?.finish();
  }

  static {
    failSending = (connection, error) => {
      connection.#failSending(error);
    };
    inboundListener = {
      message(connection, message) {
        connection.#onMessage(message);
      },
      ping(connection, payload) {
        connection.#onPing(payload as Buffer);
      },
      pong(connection, payload) {
        connection.emit('pong', payload as Buffer);
      },
      close(connection, payload) {
        connection.#onCloseFrame(payload);
      },
      error(connection, error) {
        connection.#onInboundError(error);
      },
      drained(connection) {
        connection.#onDrained();
      },
    };
    const listener = (take: (connection: WebSocketConnection, argument: unknown) => void) =>
      function (this: AttachedStream, argument: unknown): void {
        if (this[connectionOf] !== undefined) take(this[connectionOf], argument);
      };
    socketListeners = [
      [
        'close',
        listener((connection) => {
          connection.#onSocketClose();
        }),
      ],
      [
        'data',
        listener((connection, chunk) => {
          connection.#onSocketData(chunk as Buffer);
        }),
      ],
      [
        'end',
        listener((connection) => {
          connection.#onSocketEnd();
        }),
      ],
      [
        'error',
        listener((connection) => {
          connection.#onSocketError();
        }),
      ],
    ];
  }
}

// As in the DOM: the states on every instance too, and properties that show when a connection is looked at.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true, value });
}
for (const name of ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState']) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true });
}
