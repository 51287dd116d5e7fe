/** The server of the page: HTTP for its files, WebSocket upgrades for the rooms, and a graceful shutdown. */

import { once } from 'node:events';
import { createServer, STATUS_CODES } from 'node:http';
import { isIPv6 } from 'node:net';
import { WebSocketServer } from 'framewire';
import { isOwnPage } from './origin.ts';
import { servePageFile } from './page-files.ts';
import { Rooms } from './rooms.ts';
import { serveVisitor, VISITOR_LIMITS } from './visitor.ts';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Traffic } from './visitor.ts';

/** The path at which WebSockets are accepted. */
const CHAT_PATH = '/chat';

/** The maximum number of connections. The server refuses more with 503. */
const MAX_CONNECTIONS = 500;
/** The server pings a connection after a second of silence, which measures the round trip. It ends one that stays silent for ten more. */
const HEARTBEAT = { interval: 1_000, timeout: 10_000 };
/** How long the closing handshakes may take at shutdown. */
const CLOSE_TIMEOUT_MS = 2_000;

/** A running chat server. */
export interface ChatServer {
  /** The address of the page. */
  readonly url: string;
  readonly port: number;
  /** How many people are in all rooms. */
  readonly people: () => number;
  /** Messages since the start. */
  readonly traffic: Readonly<Traffic>;
  /** Closes every connection with code 1001, waits at most two seconds for the closing handshakes, and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts the server.
 *
 * @param options.port 0 picks a free one.
 * @param options.host The address to listen on.
 * @throws The error of `listen` (`EADDRINUSE`, `EACCES`, `ENOTFOUND`, ...). Nothing keeps running after it.
 */
export async function startChatServer(options: { port: number; host: string }): Promise<ChatServer> {
  const traffic: Traffic = { received: 0, sent: 0 };
  const rooms = new Rooms(traffic);
  const sockets = new WebSocketServer({
    noServer: true,
    heartbeat: HEARTBEAT,
    ...VISITOR_LIMITS,
  });
  const http = createServer((request, response) => void servePageFile(request, response));
  let visitors = 0;

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const status = refusalStatus(request, options.host, sockets.clients.size);
    if (status !== undefined) {
      refuseUpgrade(socket, status);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      serveVisitor(connection, ++visitors, rooms, traffic);
    });
  });

  http.listen(options.port, options.host);
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;

  return {
    url: `http://${hostInUrl(options.host)}:${port}/`,
    port,
    people: () => rooms.people,
    traffic,
    close: () => shutDown(http, sockets),
  };
}

/** Returns the status of the refusal, or undefined to accept the upgrade. */
function refusalStatus(request: IncomingMessage, host: string, connections: number): number | undefined {
  const [path] = (request.url ?? '').split('?', 1);
  if (path !== CHAT_PATH) return 404;
  if (!isOwnPage(request.headers.origin, request.headers.host, host)) return 403;
  if (connections >= MAX_CONNECTIONS) return 503;
  return undefined;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  const reason = STATUS_CODES[status] ?? '';
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${reason.length}`,
  ];
  // The peer may have disconnected already.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`);
}

async function shutDown(http: Server, sockets: WebSocketServer): Promise<void> {
  const closed = once(http, 'close');
  http.close();
  // eslint-disable-next-line @typescript-eslint/no-unsafe-call -- its type is `any`, because a subclass may declare another type
  await sockets.shutdown({ reason: 'the server is shutting down', timeout: CLOSE_TIMEOUT_MS });
  http.closeAllConnections();
  await closed;
}

/** The host for a URL: `localhost` for wildcard addresses, and brackets around IPv6 addresses. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}
