// The WebSocket that an application holds: its methods in each state, and its events.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { Opcode } from '@framewire/codec';
import { isAttached } from './attached-stream.ts';
import { defineAdditions } from './connection-additions.ts';
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
import { iterate, keepPaused, stopKeeping, type IteratedMessage } from './iteration.ts';
import { limitLifetime, sessionClass } from './lifetime.ts';
import { isBinaryType, toRawData, type BinaryType, type RawData } from './receiving/raw-data.ts';
import { payloadLength, toPayload, type SendableData } from './sending/payload.ts';
import { optionsWhenOpen, readOptions, type ConnectionOptions, type OpenOptions } from './options.ts';
import { PreparedMessage } from './sending/prepared-message.ts';
import type { SendCallback } from './sending/send-callback.ts';
import { modeOf, type SendOptions } from './sending/send-options.ts';
import { openSession } from './open-session.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from './ready-state.ts';
import type { Session } from './session.ts';
import type { SessionListener } from './session-listener.ts';

/** Replaces the unopened state of a connection when it gets a session. It never changes, so all connections share it. */
const OPENED: Unopened = Object.freeze(unopened());

/** The longest payload of a control frame, in bytes (§5.5). */
const MAX_CONTROL_PAYLOAD = 125;

/** The type of a method, so that a callback may declare its parameter as `Error` rather than `Error | undefined`. */
type ControlCallback = { done(error?: Error): void }['done'];

const listener: SessionListener<WebSocketConnection> = {
  message: (ws, message) =>
    ws.emit('message', toRawData(message, binaryTypeOf(ws)) as RawData, message.opcode === Opcode.BINARY),
  ping: (ws, payload) => ws.emit('ping', payload),
  pong: (ws, payload) => ws.emit('pong', payload),
  drain: (ws) => ws.emit('drain'),
  dropped: (ws, data, isBinary) => ws.emit('dropped', data, isBinary),
  error: (ws, error) => ws.emit('error', error),
  closing: stopKeeping,
  close: (ws, code, reason) => ws.emit('close', code, reason),
  // A subclass, or a program that assigns methods, may have its own `pong()` and `close()`.
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
 * A WebSocket, from connecting to closed. The classes of clients and servers extend this class. It also turns any `Duplex` into a
 * WebSocket, once the opening handshake has been done on it.
 *
 * Events:
 *
 * - `open`
 * - `message` (data, isBinary)
 * - `ping` and `pong` (payload)
 * - `drain`: the waiting bytes were above `highWaterMark`, and no longer are
 * - `dropped` (data, isBinary): a message was not sent, because `onBufferFull` is `drop`
 * - `error` (error): the connection has failed. If the peer broke a rule, `error.code` names it.
 * - `close` (code, reason): the last event
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

  // The keys are symbols: see `internals.ts`.
  /** @internal */
  declare [optionsKey]: ConnectionOptions;
  // Set only when a value is chosen, because nearly all connections keep the defaults (benchmark scenario `idle`).
  /** @internal */
  declare [binaryTypeKey]?: BinaryType;
  /** @internal */
  declare [protocolKey]?: string;
  /** @internal Set by {@link WebSocketConnection.setSocket}. */
  declare [sessionKey]: Session<WebSocketConnection> | undefined;
  /** @internal The state while there is no session. */
  declare [unopenedKey]: Unopened;

  constructor(options: ConnectionOptions = {}) {
    super();
    this[optionsKey] = readOptions(options);
    this[sessionKey] = undefined;
    this[unopenedKey] = unopened();
  }

  /** The type of binary messages in `message` events. Default `nodebuffer`. The property ignores any value but the four types. */
  get binaryType(): BinaryType {
    return binaryTypeOf(this);
  }

  set binaryType(type: BinaryType) {
    if (!isBinaryType(type)) return;
    this[binaryTypeKey] = type;
    const session = this[sessionKey];
    if (session === undefined) return;
    // `this` may inherit from the connection that was opened. The messages are emitted on that connection.
    session.owner[binaryTypeKey] = type;
    session.keepFragments = type === 'fragments';
  }

  /**
   * The bytes that `send()` accepted and that have not been passed to the kernel, framing included. Reading it has no side effects.
   * For a TCP or Unix socket that has nothing else to write, what was sent in this turn of the event loop does not count.
   */
  get bufferedAmount(): number {
    return this[sessionKey]?.bufferedAmount ?? stateOf(this)?.discarded ?? 0;
  }

  /** The name of the negotiated extension, or an empty string. */
  get extensions(): string {
    return this[sessionKey]?.extension?.name ?? '';
  }

  /** Whether {@link WebSocketConnection.pause} is in effect. */
  get isPaused(): boolean {
    return this[sessionKey]?.isPaused ?? stateOf(this)?.isPaused ?? false;
  }

  /** The subprotocol that was negotiated, or an empty string. */
  get protocol(): string {
    return this[protocolKey] ?? '';
  }

  /** `CONNECTING` (0), `OPEN` (1), `CLOSING` (2) or `CLOSED` (3). */
  get readyState(): ReadyState {
    return this[sessionKey]?.state ?? (stateOf(this)?.state as ReadyState);
  }

  /** @internal Whether each end has sent a close frame (§7.1.4). */
  get [closedCleanly](): boolean {
    return this[sessionKey]?.wasClean ?? false;
  }

  /**
   * Opens the WebSocket on a stream on which the opening handshake has been done, and emits `open`.
   *
   * @param head bytes that were read from the stream after the handshake
   * @throws `Error` when this WebSocket already has a stream, or the stream already has a WebSocket
   */
  setSocket(socket: Duplex, head: Buffer, options: OpenOptions): void {
    if (this[sessionKey] !== undefined || isAttached(socket)) throw new Error('The socket is in use already');
    if (options.protocol) this[protocolKey] = options.protocol;
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
   * @param data strings and numbers are sent as text, bytes in any container and a `Blob` as binary, a {@link PreparedMessage} as it
   *   was prepared
   * @param callback called when the data has been handed to the kernel, or with an error
   * @throws `Error` while connecting, `TypeError` for data of another type or a callback that is not a function, `RangeError` when there
   *   is no memory, and what `generateMask` or an extension throws. Later errors go to the callback, and also to `error` if they end a
   *   connection whose stream still works.
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
   * @param data at most 125 bytes, in any form that `send()` takes. Default: none. The callback may be passed instead.
   * @param mask whether the frame is masked. Default: true for a client, false for a server. The callback may be passed instead.
   * @param callback as for `send()`
   * @throws `Error` while connecting, `RangeError` for more than 125 bytes, `TypeError` for data of another type
   */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    sendControl(this, Opcode.PING, data, mask, callback);
  }

  /** Sends a pong (§5.5.3). Parameters and exceptions are those of {@link WebSocketConnection.ping}. */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    sendControl(this, Opcode.PONG, data, mask, callback);
  }

  /**
   * Starts the closing handshake (§7.1.2), unless it has started. Earlier messages are sent first, and messages that the peer sends
   * before its own close frame still arrive. While connecting, gives up the attempt.
   *
   * @param code 1000 to 1014 except 1004 to 1006, or 3000 to 4999. Default: no code.
   * @param reason at most 123 bytes in UTF-8. Default: none.
   * @throws `TypeError` for any other code or a reason of another type than a string or `Uint8Array`, `RangeError` for a longer reason
   */
  close(code?: number, reason?: string | Uint8Array): void {
    const session = this[sessionKey];
    if (session !== undefined) session.close(code, reason);
    else giveUpAttempt(this);
  }

  /** Destroys the socket without a closing handshake. Earlier messages are sent only if the kernel accepts them immediately. */
  terminate(): void {
    const session = this[sessionKey];
    if (session !== undefined) session.terminate();
    else giveUpAttempt(this);
  }

  /** Stops reading, and so `message`, `ping` and `pong` events. While connecting, takes effect when the WebSocket opens. */
  pause(): void {
    const session = this[sessionKey];
    if (session !== undefined) {
      session.pause();
      keepPaused(this);
    } else if (this[unopenedKey].state === CONNECTING) this[unopenedKey].isPaused = true;
  }

  /** Continues after {@link WebSocketConnection.pause}. */
  resume(): void {
    const session = this[sessionKey];
    if (session !== undefined) session.resume();
    else this[unopenedKey].isPaused = false;
  }

  /** Closes the connection, and resolves when it has closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.readyState === CLOSED) return;
    const closed = new Promise((resolve) => this.once('close', resolve));
    // While connecting, `close()` makes the attempt fail with an error.
    if (this.readyState === CONNECTING) this.once('error', () => undefined);
    this.close();
    await closed;
  }

  /**
   * The messages, for `for await`: text as a string, binary data as `binaryType` says. Messages are kept from this call on. While
   * `messageHighWaterMark` messages wait, the connection is paused. The loop ends when the connection closes with 1000, 1001 or 1005,
   * and throws a {@link ConnectionClosedError} for any other end. Leaving the loop does not close the connection: the next loop
   * continues.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<IteratedMessage> {
    return iterate(this);
  }
}

/** Returns the state of a connection without a session. An object that no constructor has created, for example the prototype, has none. */
function stateOf(connection: WebSocketConnection): Unopened | undefined {
  return connection[unopenedKey];
}

/** The value of `binaryType`, even if a subclass has a property of this name. */
function binaryTypeOf(connection: WebSocketConnection): BinaryType {
  return connection[binaryTypeKey] ?? 'nodebuffer';
}

/** Checks the callback when `send()` is called, so that the stack of the error shows the call. */
function callbackOf(argument: unknown): SendCallback | undefined {
  if (!argument) return undefined;
  if (typeof argument !== 'function') throw new TypeError('The callback must be a function');
  return argument as SendCallback;
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

// As in the DOM: the states are readable on every instance, and the properties are enumerable.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true, value });
}
for (const name of ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState']) {
  Object.defineProperty(WebSocketConnection.prototype, name, { enumerable: true });
}
// Only clients have `url`.
const SHOWN = ['url', 'readyState', 'protocol', 'extensions', 'binaryType', 'isPaused', 'bufferedAmount'];
showProperties(WebSocketConnection.prototype, SHOWN);
defineAdditions(WebSocketConnection.prototype);
