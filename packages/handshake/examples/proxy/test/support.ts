// Servers, clients and backends for the tests of the proxy, closed when the test ends.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type ServerOptions } from 'ws';
import { createProxy, type ProxyOptions } from '../src/proxy.ts';

/** The accept value for the sample key of RFC 6455 §1.3. */
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The head of an upgrade request for a path, with the sample key. */
export function requestHead(path: string, ...more: string[]): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: example.com',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The head of the response that opens the connection of {@link requestHead}. */
export const RESPONSE_HEAD =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return portOf(server.address());
}

function portOf(address: AddressInfo | string | null): number {
  return (address as AddressInfo).port;
}

export interface RunningProxy {
  readonly port: number;
  /** The lines that it logged. */
  readonly lines: string[];
  /** Its open sockets, to clients and to backends. */
  readonly sockets: ReadonlySet<Socket>;
}

/** A proxy that sends each path to the port of a backend. */
export async function startProxy(
  ports: Record<string, number>,
  options: Partial<ProxyOptions> = {},
): Promise<RunningProxy> {
  const lines: string[] = [];
  const routes = Object.entries(ports).map(([path, port]) => ({
    path,
    backend: { host: '127.0.0.1', port },
  }));
  const { server, sockets } = createProxy({ routes, log: (line) => lines.push(line), ...options });
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
  });
  return { port: await listen(server), lines, sockets };
}

/** A server of ws that is closed with its connections. */
export async function startWebSocketServer(options: ServerOptions = {}): Promise<[WebSocketServer, number]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  return [server, portOf(server.address())];
}

/** A backend whose sockets the test handles. */
export async function startBackend(serve: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return listen(server);
}

/** A port without a listener. One that was closed could belong to another program by now. */
export const UNUSED_PORT = 1;

/** The socket of a client, and what it received. */
export class RawClient {
  received = '';
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  /** Sends text, one byte per character. */
  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Returns everything received, once the other side has ended. */
  async untilEnd(): Promise<string> {
    if (!this.socket.readableEnded) await once(this.socket, 'end');
    return this.received;
  }

  /** Returns everything received, once it ends with a text. */
  async until(text: string): Promise<string> {
    while (!this.received.endsWith(text)) await once(this.socket, 'data');
    return this.received;
  }
}

/** A backend for one connection, whose socket the test gets. */
export async function startHandedBackend(): Promise<[port: number, socket: Promise<Socket>]> {
  let hand: (socket: Socket) => void;
  const socket = new Promise<Socket>((resolve) => (hand = resolve));
  return [await startBackend((connected) => hand(connected)), socket];
}

/** Returns what a socket receives until it ends with a text, and pauses the socket. */
export async function receivedUntil(socket: Socket, text: string): Promise<string> {
  let received = '';
  const onData = (chunk: Buffer): void => {
    received += chunk.toString('latin1');
    if (received.endsWith(text)) socket.emit('complete');
  };
  socket.on('data', onData).resume();
  await once(socket, 'complete');
  socket.pause().off('data', onData);
  return received;
}
