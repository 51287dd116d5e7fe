// The server whose connections are of the client's class, so that `instanceof WebSocket` holds for both.
import type { IncomingMessage } from 'node:http';
import { given } from '@framewire/connection';
import { WebSocket } from './websocket.ts';
import { ownMembers } from './ws-compat/own-members.ts';
import type { ServerInit, WebSocketClass } from './ws-compat/server-shape.ts';
import { WebSocketServerWithInternals } from './ws-compat/websocket-server.ts';

/** The WebSocket server: as that of `@framewire/server`, with {@link WebSocket} as the class of its connections. */
export class WebSocketServer<
  T extends WebSocketClass = typeof WebSocket,
  U extends typeof IncomingMessage = typeof IncomingMessage,
  I = undefined,
> extends WebSocketServerWithInternals<T, U, I> {
  constructor(options?: ServerInit<T, U, I>, callback?: () => void) {
    // Where the options were left out, which of them are needed is said below.
    const own = given(options?.WebSocket) ?? (WebSocket as WebSocketClass as T);
    if (isForeign(own.prototype as object)) {
      throw new TypeError(
        'The class of the option "WebSocket" must extend that of framewire, not that of ws',
      );
    }
    super({ ...options, WebSocket: own }, callback);
  }
}

/** Whether a class is that of `ws`, which the types cannot tell from ours. Its connections would have no compression and no limits. */
function isForeign(prototype: object): boolean {
  return 'emitClose' in prototype && !('wasClean' in prototype);
}

ownMembers(WebSocketServer.prototype);
