// The server. Its connections have the client's class, so `instanceof WebSocket` holds for both.
import type { IncomingMessage } from 'node:http';
import { given } from '@framewire/connection';
import { WebSocket } from './websocket.ts';
import { ownMembers } from './ws-compat/own-members.ts';
import type { ServerInit, WebSocketClass } from './ws-compat/server-shape.ts';
import { WebSocketServerWithInternals } from './ws-compat/websocket-server.ts';

/** The server of `@framewire/server`, with {@link WebSocket} as the default class of its connections. */
export class WebSocketServer<
  T extends WebSocketClass = typeof WebSocket,
  U extends typeof IncomingMessage = typeof IncomingMessage,
  I = undefined,
> extends WebSocketServerWithInternals<T, U, I> {
  constructor(options?: ServerInit<T, U, I>, callback?: () => void) {
    // If the options are missing, the base class throws.
    const own = given(options?.WebSocket) ?? (WebSocket as WebSocketClass as T);
    if (isForeign(own.prototype as object)) {
      throw new TypeError(
        'The option "WebSocket" must be a class that extends WebSocket of framewire, not that of ws',
      );
    }
    super({ ...options, WebSocket: own }, callback);
  }
}

/** Whether a class is that of `ws`, which the types cannot distinguish from ours. Its connections would lack compression and limits. */
function isForeign(prototype: object): boolean {
  return 'emitClose' in prototype && !('wasClean' in prototype);
}

ownMembers(WebSocketServer.prototype);
