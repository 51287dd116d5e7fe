// The server whose connections are of the client's class, so that `instanceof WebSocket` holds for both.
import type { IncomingMessage } from 'node:http';
import { given } from '@framewire/connection';
import { WebSocket } from './websocket.ts';
import type { ServerOptions, WebSocketClass } from '@framewire/server';
import { ownMembers } from './ws-compat/own-members.ts';
import { WebSocketServerWithInternals } from './ws-compat/websocket-server.ts';

/** The WebSocket server: as that of `@framewire/server`, with {@link WebSocket} as the class of its connections. */
export class WebSocketServer<
  Class extends WebSocketClass = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> extends WebSocketServerWithInternals<Class, Request> {
  constructor(options?: ServerOptions<Class, Request>, callback?: () => void) {
    // Where the options were left out, which of them are needed is said below.
    const own = given(options?.WebSocket) ?? (WebSocket as WebSocketClass as Class);
    super({ ...options, WebSocket: own }, callback);
  }
}

ownMembers(WebSocketServer.prototype);

/** The server by a name of its own, for the namespace that has a type of the class's name: bundled they would be one. */
export type ServerOf<Class extends WebSocketClass, Request extends typeof IncomingMessage> = WebSocketServer<
  Class,
  Request
>;
