// The state of a connection, in properties whose keys are symbols, so that programs can use all names that `ws` does not use. Unlike private
// fields, these properties work through a `Proxy` of a connection, and in an object that inherits from one.
import type { Duplex } from 'node:stream';
import { CloseCode, type Extension } from '@framewire/codec';
import { EMPTY } from './sending/payload.ts';
import { DEFAULTS } from './options.ts';
import type { Sending } from './sending/outbound.ts';
import { CLOSED, CLOSING, CONNECTING, type ReadyState } from './ready-state.ts';
import { nextTick } from './scheduling.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The options of a connection. */
export const optionsKey = Symbol('options');
/** The session: the stream with the WebSocket on it. */
export const sessionKey = Symbol('session');
/** The value of `binaryType`. */
export const binaryTypeKey = Symbol('binaryType');
/** The value of `protocol`. */
export const protocolKey = Symbol('protocol');
/** The state of a connection that has no session. */
export const unopenedKey = Symbol('unopened');

/** The state of a connection without a session: before it opens, or if it never does. */
export interface Unopened {
  state: ReadyState;
  isPaused: boolean;
  /** The current attempt to connect. */
  attempt: Attempt | undefined;
  /** How many bytes were passed to `send()` too late, after the attempt had failed. They count in `bufferedAmount`, as in the DOM. */
  discarded: number;
}

/** Returns the state of a new connection. */
export function unopened(): Unopened {
  return { state: CONNECTING, isPaused: false, attempt: undefined, discarded: 0 };
}

/** An attempt to connect, for {@link beginAttempt}. */
export interface Attempt {
  /** Gives up the attempt without emitting events. */
  abort(): void;
}

const CLOSED_EARLY = 'WebSocket was closed before the connection was established';

// The attempt to connect, for the layer that connects.

/** Starts an attempt to connect, which `close()` and `terminate()` give up. It ends with `setSocket()` or {@link failHandshake}. */
export function beginAttempt(connection: WebSocketConnection, attempt: Attempt): void {
  connection[unopenedKey].attempt = attempt;
}

/** The current attempt to connect. */
export function attemptOf(connection: WebSocketConnection): Attempt | undefined {
  return connection[unopenedKey].attempt;
}

/** Gives up an attempt to connect. `error` and `close` are emitted in the next tick. */
export function abortHandshake(connection: WebSocketConnection, error: Error): void {
  endAttempt(connection[unopenedKey], CLOSING)?.abort();
  nextTick(failHandshake, connection, error);
}

/** An attempt to connect has failed: emits `error` and `close`. */
export function failHandshake(connection: WebSocketConnection, error: Error): void {
  endAttempt(connection[unopenedKey], CLOSING);
  connection.emit('error', error);
  abandonHandshake(connection);
}

/** Gives up an attempt to connect, and emits only `close`. */
export function abandonHandshake(connection: WebSocketConnection): void {
  endAttempt(connection[unopenedKey], CLOSED)?.abort();
  connection.emit('close', CloseCode.ABNORMAL_CLOSURE, EMPTY);
}

/** Does what `close()` and `terminate()` do on a connection without a session. */
export function giveUpAttempt(connection: WebSocketConnection): void {
  if (connection[unopenedKey].state === CONNECTING) abortHandshake(connection, new Error(CLOSED_EARLY));
}

function endAttempt(early: Unopened, state: ReadyState): Attempt | undefined {
  const { attempt } = early;
  early.attempt = undefined;
  early.state = state;
  return attempt;
}

// The part of an open connection that other packages use.

/** The part of a connection that exists once the connection has a stream. */
export interface OpenPart extends Sending {
  /** The connection: `this` of `setSocket()`. */
  readonly owner: WebSocketConnection;
  /** The stream. Reading this property first flushes earlier sends. */
  readonly stream: Duplex;
  readonly extension: Extension | undefined;
  /** Whether this end masks the frames that it sends, as a client does. */
  readonly masks: boolean;
}

/** Returns the open part of a connection; `undefined` before `setSocket()`. */
export function openPartOf(connection: WebSocketConnection): OpenPart | undefined {
  return connection[sessionKey];
}

/** The longest message that a connection accepts, in bytes; 0 = no limit. */
export function maxPayloadOf(connection: WebSocketConnection): number {
  return connection[optionsKey].maxPayload ?? DEFAULTS.maxPayload;
}
