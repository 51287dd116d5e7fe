// A WebSocket as its user holds it: what can be asked of it in each state, and the events that it emits.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { Opcode } from '@framewire/codec';
import { defineAddition } from './additions.ts';
import { DomEventTarget } from './events/dom-event-target.ts';
import { closedCleanly } from './events/dom-events.ts';
import {
  binaryTypeKey,
  giveUpAttempt,
  optionsKey,
  protocolKey,
  sessionKey,
  unopened,
  unopenedKey,
  type Unopened,
} from './internals.ts';
import { showProperties } from './inspection.ts';
import { iterate, opened, type IteratedMessage } from './iteration.ts';
import { limitLifetime, sessionClass } from './lifetime.ts';
import { isBinaryType, toRawData, type BinaryType, type RawData } from './receiving/raw-data.ts';
import { payloadLength, toPayload, type SendableData } from './sending/payload.ts';
import { optionsWhenOpen, readOptions, type ConnectionOptions, type OpenOptions } from './options.ts';
import type { SendMode } from './sending/outbound.ts';
import { PreparedMessage } from './sending/prepared-message.ts';
import type { SendCallback } from './sending/send-callback.ts';
import {
  CLOSED,
  CLOSING,
  CONNECTING,
  lostError,
  notOpenError,
  OPEN,
  type ReadyState,
} from './ready-state.ts';
import { nextTick } from './scheduling.ts';
import { isAttached, type Session, type SessionListener } from './session.ts';

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

/** What connections with a session have in the place of what they were before: the same for all of them. */
const OPENED: Unopened = Object.freeze(unopened());

/** The longest payload of a control frame, in bytes (§5.5). */
const MAX_CONTROL_PAYLOAD = 125;

/** How nearly all messages are sent: one object for each way, not one a message. */
const USUAL_MODES = [false, true].map((masked) => ({
  text: { opcode: Opcode.TEXT, fin: true, compress: true, masked },
  binary: { opcode: Opcode.BINARY, fin: true, compress: true, masked },
}));

/** How a message is to be sent. A program without types may pass null. */
function modeOf(options: SendOptions | null | undefined, isText: boolean, masks: boolean): SendMode {
  const { text, binary } = USUAL_MODES[masks ? 1 : 0] as (typeof USUAL_MODES)[0];
  const usual = (options?.binary ?? !isText) ? binary : text;
  const fin = options?.fin ?? true;
  const compress = options?.compress ?? true;
  const masked = options?.mask ?? masks;
  return fin && compress && masked === masks ? usual : { opcode: usual.opcode, fin, compress, masked };
}

/** A method's type, so that a callback may say that it takes an error and leave out that there may be none. */
type ControlCallback = { done(error?: Error): void }['done'];

const listener: SessionListener<WebSocketConnection> = {
  message: (ws, message) =>
    ws.emit('message', toRawData(message, ws.binaryType) as RawData, message.opcode === Opcode.BINARY),
  ping: (ws, payload) => ws.emit('ping', payload),
  pong: (ws, payload) => ws.emit('pong', payload),
  drain: (ws) => ws.emit('drain'),
  dropped: (ws, data, isBinary) => ws.emit('dropped', data, isBinary),
  error: (ws, error) => ws.emit('error', error),
  close: (ws, code, reason) => ws.emit('close', code, reason),
  // A subclass, or a program that assigns methods, may answer in a way of its own.
  answerPing(ws, payload, done) {
    if (ws.pong === WebSocketConnection.prototype.pong) return false;
    ws.pong(payload, undefined, done);
    return true;
  },
  answerClose(ws, code, reason) {
    if (ws.close === WebSocketConnection.prototype.close) return false;
    if (code === undefined) ws.close();
    else ws.close(code, reason);
    return true;
  },
};

/**
 * A WebSocket, open or on its way there or back. Clients and servers make theirs from this class; on its own it turns any
 * `Duplex` on which an opening handshake has been done, by whomever, into a WebSocket.
 *
 * Events: `open`; `message` (data, isBinary); `ping` and `pong` (payload); `drain`, when at most `highWaterMark` bytes wait again after
 * more did; `dropped` (data, isBinary), a message that was not sent as `onBufferFull` is `drop`; `error` (error; a peer that broke a rule
 * is told in `error.code`); `close` (code, reason), the last one.
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

  // The state, out of the way of the names that programs use, and within reach of a `Proxy`, which has no private fields.
  /** @internal */
  declare [optionsKey]: ConnectionOptions;
  /** @internal */
  declare [binaryTypeKey]: BinaryType;
  /** @internal */
  declare [protocolKey]: string;
  /** @internal Present from {@link WebSocketConnection.setSocket} on. */
  declare [sessionKey]: Session<WebSocketConnection> | undefined;
  /** @internal What it is while it has no session. */
  declare [unopenedKey]: Unopened;

  constructor(options: ConnectionOptions = {}) {
    super();
    this[optionsKey] = readOptions(options);
    this[binaryTypeKey] = 'nodebuffer';
    this[protocolKey] = '';
    this[sessionKey] = undefined;
    this[unopenedKey] = unopened();
  }

  /** What binary messages arrive as. Default `nodebuffer`; anything but the four types is ignored. */
  get binaryType(): BinaryType {
    return this[binaryTypeKey];
  }

  set binaryType(type: BinaryType) {
    if (!isBinaryType(type)) return;
    this[binaryTypeKey] = type;
    const session = this[sessionKey];
    if (session === undefined) return;
    // Messages are those of the object that was opened, also where an object that inherits from it is set.
    session.owner[binaryTypeKey] = type;
    session.keepFragments = type === 'fragments';
  }

  /**
   * Bytes that `send()` accepted and that are not yet passed to the kernel, framing included. Reading it changes nothing. What a turn
   * has gathered for a TCP or Unix socket that has nothing else to write does not count.
   */
  get bufferedAmount(): number {
    return this[sessionKey]?.bufferedAmount ?? this[unopenedKey].discarded;
  }

  /** The name of the negotiated extension, or an empty string. */
  get extensions(): string {
    return this[sessionKey]?.extension?.name ?? '';
  }

  /** Whether {@link WebSocketConnection.pause} is in force. */
  get isPaused(): boolean {
    return this[sessionKey]?.isPaused ?? this[unopenedKey].isPaused;
  }

  /** The subprotocol that was chosen, or an empty string. */
  get protocol(): string {
    return this[protocolKey];
  }

  /** `CONNECTING` (0), `OPEN` (1), `CLOSING` (2) or `CLOSED` (3). */
  get readyState(): ReadyState {
    return this[sessionKey]?.state ?? this[unopenedKey].state;
  }

  /** @internal Whether close frames have gone both ways (§7.1.4). */
  get [closedCleanly](): boolean {
    return this[sessionKey]?.wasClean ?? false;
  }

  /**
   * Makes this the WebSocket of a stream on which the opening handshake has been done, and emits `open`.
   *
   * @param head what was read from the stream behind the handshake
   * @throws `Error` when this has a stream already, or the stream a WebSocket
   */
  setSocket(socket: Duplex, head: Buffer, options: OpenOptions): void {
    if (this[sessionKey] !== undefined || isAttached(socket)) throw new Error('The socket is in use already');
    this[protocolKey] = options.protocol ?? '';
    this[optionsKey] = optionsWhenOpen(this[optionsKey], options);
    const { [optionsKey]: own } = this;
    const session = new (sessionClass(own))<WebSocketConnection>(socket, own, options, this, listener);
    this[sessionKey] = session;
    session.keepFragments = this[binaryTypeKey] === 'fragments';
    if (this[unopenedKey].isPaused) session.pause();
    this[unopenedKey] = OPENED;
    session.start(head);
    if (own.maxLifetime) limitLifetime(session as Session<unknown>, own.maxLifetime);
    this.emit('open');
  }

  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param data a string goes as text, a number likewise; bytes in any container and a `Blob` go as binary; a {@link PreparedMessage}
   *   as it was prepared
   * @param callback called once it has been handed to the kernel, or with the reason why not
   * @throws `Error` while connecting; `TypeError` for data of another kind, or a callback that is no function. Later than that,
   *   errors go to the callback, and to `error` where they end a connection whose stream is sound.
   */
  send(data: SendableData | PreparedMessage, callback?: SendCallback): void;
  send(data: SendableData | PreparedMessage, options: SendOptions | undefined, callback?: SendCallback): void;
  send(data: SendableData | PreparedMessage, second?: SendOptions | SendCallback, third?: unknown): void {
    // A program without types may pass null.
    const options = typeof second === 'function' ? undefined : (second as SendOptions | null | undefined);
    const callback = typeof second === 'function' ? second : callbackOf(third);
    const session = openSession(this, data, callback);
    if (session === undefined) return;
    if (data instanceof PreparedMessage) {
      session.sendPrepared(data, options?.mask ?? session.masks, callback);
      return;
    }
    const payload = toPayload(data);
    session.send(payload, modeOf(options, typeof payload === 'string', session.masks), callback, data);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @param data at most 125 bytes, in any form that `send()` takes. Default: none. The callback may stand in its place.
   * @param mask whether it is masked. Default: as the role demands. The callback may stand in its place.
   * @param callback as for `send()`
   * @throws `RangeError` for more than 125 bytes, `Error` while connecting, `TypeError` for data that is neither text nor bytes
   */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    sendControl(this, Opcode.PING, data, mask, callback);
  }

  /** Sends a pong (§5.5.3) that no ping asked for. As {@link WebSocketConnection.ping} otherwise. */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    sendControl(this, Opcode.PONG, data, mask, callback);
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
    const session = this[sessionKey];
    if (session !== undefined) session.close(code, reason);
    else giveUpAttempt(this);
  }

  /** Destroys the socket, without a closing handshake; what was sent before is left to the kernel where it takes it. */
  terminate(): void {
    const session = this[sessionKey];
    if (session !== undefined) session.terminate();
    else giveUpAttempt(this);
  }

  /** Stops events of messages, pings and pongs, and reading from the socket. While connecting, from the moment it is open. */
  pause(): void {
    const session = this[sessionKey];
    if (session !== undefined) session.pause();
    else if (this[unopenedKey].state === CONNECTING) this[unopenedKey].isPaused = true;
  }

  /** Goes on after {@link WebSocketConnection.pause}. */
  resume(): void {
    const session = this[sessionKey];
    if (session !== undefined) session.resume();
    else this[unopenedKey].isPaused = false;
  }

  /** Closes the connection, and resolves when it has closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.readyState === CLOSED) return;
    const closed = new Promise((resolve) => this.once('close', resolve));
    // While connecting, closing is an error of the attempt.
    if (this.readyState === CONNECTING) this.once('error', () => undefined);
    this.close();
    await closed;
  }

  /**
   * The messages, for `for await`: text as a string, binary data by `binaryType`. Messages are kept from this call on. While
   * `messageHighWaterMark` of them wait, the connection is paused. The loop ends when the connection closes with 1000, 1001 or 1005,
   * and throws a {@link ConnectionClosedError} for any other end. Leaving it does not close the connection: the next loop continues.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<IteratedMessage> {
    return iterate(this);
  }
}

/** What stands in the place of a callback: told at once, as later nobody would know whose it is. */
function callbackOf(argument: unknown): SendCallback | undefined {
  if (!argument) return undefined;
  if (typeof argument !== 'function') throw new TypeError('The callback must be a function');
  return argument as SendCallback;
}

/** The session, if it can send. Otherwise the error goes where it belongs. */
function openSession(
  connection: WebSocketConnection,
  data: unknown,
  callback: SendCallback | undefined,
): Session<WebSocketConnection> | undefined {
  const state = connection.readyState;
  const session = connection[sessionKey];
  if (state === OPEN) return session;
  if (state === CONNECTING) throw notOpenError(CONNECTING);
  const content = data instanceof PreparedMessage ? data.shared.data : data;
  if (session !== undefined) session.discard(content);
  else connection[unopenedKey].discarded += payloadLength(content);
  if (callback !== undefined) nextTick(callback, notOpenError(state));
  return undefined;
}

function sendControl(
  connection: WebSocketConnection,
  opcode: Opcode,
  data: unknown,
  second: unknown,
  third: unknown,
): void {
  const callback = [data, second, third].find((argument) => typeof argument === 'function') as
    SendCallback | undefined;
  const content = typeof data === 'function' ? undefined : data;
  const session = openSession(connection, content, callback);
  if (session === undefined) return;
  const payload = toPayload(content);
  if (payloadLength(payload) > MAX_CONTROL_PAYLOAD) {
    throw new RangeError('The data size must not be greater than 125 bytes');
  }
  session.control(opcode, payload, typeof second === 'boolean' ? second : session.masks, callback);
}

// As in the DOM: the states on every instance too, and properties that show when a connection is looked at.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true, value });
}
for (const name of ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState']) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true });
}
// `url` is a client's.
const SHOWN = ['url', 'readyState', 'protocol', 'extensions', 'binaryType', 'isPaused', 'bufferedAmount'];
showProperties(WebSocketConnection.prototype, SHOWN);
defineAddition(WebSocketConnection.prototype, 'wasClean', (ws: WebSocketConnection) => ws[closedCleanly]);
defineAddition(
  WebSocketConnection.prototype,
  'writableNeedDrain',
  (ws: WebSocketConnection) => ws[sessionKey]?.isAboveMark ?? false,
);
defineAddition(WebSocketConnection.prototype, 'opened', opened);
defineAddition(
  WebSocketConnection.prototype,
  'latency',
  (ws: WebSocketConnection) => ws[sessionKey]?.latency,
);
for (const [name, value] of Object.entries({ drained, flush })) {
  Object.defineProperty(WebSocketConnection.prototype, name, { configurable: true, value, writable: true });
}

function drained(this: WebSocketConnection, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return this[sessionKey]?.drainedOrAborted(signal) ?? Promise.reject(lostError(this.readyState));
}

function flush(this: WebSocketConnection): void {
  this[sessionKey]?.flush();
}
