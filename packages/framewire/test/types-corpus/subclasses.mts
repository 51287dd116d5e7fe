// Classes of the program's own, where those of `ws` stand.
import { IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';

class Heartbeat extends WebSocket {
  isAlive = true;

  override ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void {
    super.ping(data, mask, callback);
  }

  override send(data: any, options?: any, callback?: (error?: Error) => void): void {
    super.send(data, options, callback);
  }

  override pong(...args: Parameters<WebSocket['pong']>): void {
    super.pong(...args);
  }

  override close(code?: number, data?: string | Buffer): void {
    super.close(code, data);
  }

  override terminate(): void {
    this.isAlive = false;
    super.terminate();
  }
}

class SessionRequest extends IncomingMessage {
  session = 'none';
}

const server = new WebSocketServer<typeof Heartbeat, typeof SessionRequest>({
  noServer: true,
  WebSocket: Heartbeat,
  handleProtocols: (_protocols, request) => request.session,
});
server.on('connection', (ws, request) => {
  ws.isAlive = request.session !== '';
  ws.on('pong', function (this: WebSocket) {
    this.ping();
  });
});
for (const client of server.clients) if (!client.isAlive) client.terminate();

export class Room extends WebSocketServer {
  readonly name: string;

  constructor(name: string, options?: WebSocket.ServerOptions) {
    super({ noServer: true, ...options });
    this.name = name;
  }

  override shouldHandle(request: IncomingMessage): boolean {
    return request.url === `/${this.name}`;
  }

  override handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (client: WebSocket, request: IncomingMessage) => void,
  ): void {
    super.handleUpgrade(request, socket, head, callback);
  }
}

interface TrackedSocket extends WebSocket {
  userId?: string;
}
new Room('lobby').on('connection', (ws: TrackedSocket) => {
  ws.userId = 'somebody';
});

export interface DialOptions extends WebSocket.ClientOptions {
  retries?: number;
}
export interface ListenOptions extends WebSocket.ServerOptions {
  name: string;
}

/** Takes what any of the two classes is. */
export function take(ws: WebSocket, from: WebSocketServer, _to?: ServerResponse): boolean {
  return ws instanceof WebSocket && from instanceof WebSocketServer;
}
take(new Heartbeat('ws://127.0.0.1:1/'), new Room('lobby'));
