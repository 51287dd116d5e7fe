// Subclasses in place of the classes of `ws`.
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

/** Names that `ws` does not use, and members as properties. */
class Viewer extends WebSocket {
  request!: IncomingMessage;
  socket: Duplex | null = null;
  path = '/';
  latency = 0;
  compression = 'none';
  wasClean = 0;
  extension?: string;
  _server = 'mine';
  override binaryType: 'arraybuffer' = 'arraybuffer';
  override onopen = (): void => undefined;
  override onmessage = ({ data }: WebSocket.MessageEvent): void => console.log(data);
}
new Viewer('ws://127.0.0.1:1/').addEventListener('open', ({ target }) => target.readyState);

class Gateway extends WebSocketServer<typeof Viewer> {
  override path = '/gateway';
  httpServer: unknown;
  request?: IncomingMessage;
  state = 'open';
}
new Gateway({ noServer: true, WebSocket: Viewer }).on('connection', (ws) => ws.latency.toFixed());

/** Accepts the arguments of the class. */
export const dial = (...args: ConstructorParameters<typeof WebSocket>): WebSocket => new WebSocket(...args);
dial('ws://127.0.0.1:1/', ['chat'], { maxPayload: 1 });

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

/** Accepts either class. */
export function take(ws: WebSocket, from: WebSocketServer, _to?: ServerResponse): boolean {
  return ws instanceof WebSocket && from instanceof WebSocketServer;
}
take(new Heartbeat('ws://127.0.0.1:1/'), new Room('lobby'));
