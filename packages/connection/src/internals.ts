// The state of a connection, by keys that are symbols: so every name that `ws` leaves free stays free for programs.
// Properties rather than private fields: a `Proxy` of a connection and an object that inherits from it reach them.
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
/** The session: a stream with the WebSocket on it. */
export const sessionKey = Symbol('session');
/** The value of `binaryType`. */
export const binaryTypeKey = Symbol('binaryType');
/** The value of `protocol`. */
export const protocolKey = Symbol('protocol');
/** The state of a connection that has no session. */
export const unopenedKey = Symbol('unopened');

/** What a connection is while it has no session: before it opens, or where it never does. */
export interface Unopened {
  state: ReadyState;
  isPaused: boolean;
  /** The attempt to connect that is under way. */
  attempt: Attempt | undefined;
  /** What was sent when it was too late counts in `bufferedAmount`, as in the DOM. */
  discarded: number;
}

/** The state of a connection that is new. */
export function unopened(): Unopened {
  return { state: CONNECTING, isPaused: false, attempt: undefined, discarded: 0 };
}

/** An attempt to connect, for {@link beginAttempt}. */
export interface Attempt {
  /** Gives the attempt up, silently. */
  abort(): void;
}

const CLOSED_EARLY = 'WebSocket was closed before the connection was established';

// The attempt to connect, for the layer that makes it.

/** An attempt to connect begins, which `close()` and `terminate()` give up. It ends with `setSocket()` or {@link failHandshake}. */
export function beginAttempt(connection: WebSocketConnection, attempt: Attempt): void {
  connection[unopenedKey].attempt = attempt;
}

/** The attempt to connect that is under way. */
export function attemptOf(connection: WebSocketConnection): Attempt | undefined {
  return connection[unopenedKey].attempt;
}

/** Gives an attempt to connect up: `error` and `close` are emitted in the next tick. */
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

/** There will be no connection: gives an attempt up and emits `close`. */
export function abandonHandshake(connection: WebSocketConnection): void {
  endAttempt(connection[unopenedKey], CLOSED)?.abort();
  connection.emit('close', CloseCode.ABNORMAL_CLOSURE, EMPTY);
}

/** `close()` and `terminate()` of a connection without a session. */
export function giveUpAttempt(connection: WebSocketConnection): void {
  if (connection[unopenedKey].state === CONNECTING) abortHandshake(connection, new Error(CLOSED_EARLY));
}

function endAttempt(connection: Unopened, state: ReadyState): Attempt | undefined {
  const { attempt } = connection;
  connection.attempt = undefined;
  connection.state = state;
  return attempt;
}

// What the layers above see of an open connection.

/** The part of a connection that has a stream. */
export interface OpenPart extends Sending {
  /** The stream. Reading it hands over what was sent before. */
  readonly stream: Duplex;
  readonly extension: Extension | undefined;
  /** Whether frames that are sent are masked: whether this is a client's end. */
  readonly masks: boolean;
}

/** The part of a connection that has a stream; undefined before `setSocket()`. */
export function openPartOf(connection: WebSocketConnection): OpenPart | undefined {
  return connection[sessionKey];
}

/** The longest message that a connection takes, in bytes; 0 = no limit. */
export function maxPayloadOf(connection: WebSocketConnection): number {
  return connection[optionsKey].maxPayload ?? DEFAULTS.maxPayload;
}
