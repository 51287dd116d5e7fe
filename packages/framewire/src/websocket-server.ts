// The server whose connections are of the client's class, so that `instanceof WebSocket` holds for both.
import type { IncomingMessage } from 'node:http';
import { WebSocket } from './websocket.ts';
import type { ServerOptions, WebSocketClass } from '@framewire/server';
import { WebSocketServerWithInternals } from './ws-compat/websocket-server.ts';

/** The WebSocket server: as that of `@framewire/server`, with {@link WebSocket} as the class of its connections. */
export class WebSocketServer<
  Class extends WebSocketClass = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> extends WebSocketServerWithInternals<Class, Request> {
  constructor(options: ServerOptions<Class, Request>, callback?: () => void) {
    // A program without types may have left the options out: which of them it lacks is said below.
    const { WebSocket: given } = (options as ServerOptions<Class, Request> | undefined) ?? {};
    super({ ...options, WebSocket: given ?? (WebSocket as WebSocketClass as Class) }, callback);
  }
}
