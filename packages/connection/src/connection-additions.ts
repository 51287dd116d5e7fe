// The properties and methods that connections have, and that connections of `ws` lack.
import { defineAddition } from './additions.ts';
import { closedCleanly } from './events/dom-events.ts';
import { sessionKey } from './internals.ts';
import { opened } from './iteration.ts';
import { lostError } from './ready-state.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** Their types and documentation are in `ConnectionAdditions`. */
export function defineAdditions(prototype: WebSocketConnection): void {
  defineAddition(prototype, 'wasClean', (ws) => ws[closedCleanly]);
  defineAddition(prototype, 'writableNeedDrain', (ws) => ws[sessionKey]?.needsDrain() ?? false);
  defineAddition(prototype, 'opened', opened);
  defineAddition(prototype, 'latency', (ws) => ws[sessionKey]?.latency);
  for (const [name, value] of Object.entries({ drained, flush })) {
    Object.defineProperty(prototype, name, { configurable: true, value, writable: true });
  }
}

function drained(this: WebSocketConnection, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return this[sessionKey]?.drainedOrAborted(signal) ?? Promise.reject(lostError(this.readyState));
}

function flush(this: WebSocketConnection): void {
  this[sessionKey]?.flush();
}
