// The parts of a connection that topics use.
import type { WebSocketConnection } from '@framewire/connection';

/** A connection of `framewire`, `@framewire/server` or `@framewire/client`. */
export type TopicConnection = Pick<WebSocketConnection, 'close' | 'readyState' | 'send' | 'terminate'>;

/** The value of `readyState` of a connection that may send. */
export const OPEN = 1;
/** The value of `readyState` of a connection that has closed. */
export const CLOSED = 3;

/** A connection, with members whose types are unknown because a program may replace them. */
export interface Connection extends TopicConnection {
  readonly writableNeedDrain?: unknown;
  readonly drained?: unknown;
  on(event: 'close', listener: (this: Connection) => void): unknown;
  off(event: 'close', listener: (this: Connection) => void): unknown;
}
