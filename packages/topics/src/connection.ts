// What topics need of a connection.
import type { WebSocketConnection } from '@framewire/connection';

/** A connection of `framewire`, `@framewire/server` or `@framewire/client`. */
export type TopicConnection = Pick<WebSocketConnection, 'close' | 'readyState' | 'send' | 'terminate'>;

/** The value of `readyState` of a connection that may send. */
export const OPEN = 1;
/** That of one that has closed. */
export const CLOSED = 3;

/** The same connection with the members that a program may replace with its own, so that the types do not promise them. */
export interface Connection extends TopicConnection {
  readonly writableNeedDrain?: unknown;
  readonly drained?: unknown;
  on(event: 'close', listener: (this: Connection) => void): unknown;
  off(event: 'close', listener: (this: Connection) => void): unknown;
}
