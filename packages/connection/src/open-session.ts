// Finds the session through which a connection sends. If the connection is not open, counts the data and reports an error.
import { sessionKey, unopenedKey } from './internals.ts';
import { CONNECTING, notOpenError, OPEN } from './ready-state.ts';
import { nextTick } from './scheduling.ts';
import { payloadLength } from './sending/payload.ts';
import { PreparedMessage } from './sending/prepared-message.ts';
import type { SendCallback } from './sending/send-callback.ts';
import type { Session } from './session.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/**
 * Returns the session of an open connection. When the connection is closing or closed, counts the data in `bufferedAmount`, calls the
 * callback with an error, and returns `undefined`.
 *
 * @throws `Error` while connecting
 */
export function openSession(
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
