// Our server and that of ws, cleanup after each test, and clients that send raw bytes.
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer as OurServer } from '@framewire/server';
import { WebSocketServer as TheirServer, type ServerOptions, type WebSocket } from 'ws';
import { afterEach, expect } from 'vitest';

/** A server with the types of ws. */
export type Server = TheirServer;

/** A class of servers. Its options may be anything that a JavaScript program passes. */
export type ServerClass = new (options: object, callback?: () => void) => Server;

export const OurWebSocketServer = OurServer as unknown as ServerClass;
export const TheirWebSocketServer = TheirServer as ServerClass;

/** Runs a script with both servers, expects the same log from both, and returns it. */
export async function withBoth(
  script: (Server: ServerClass) => Promise<string[]> | string[],
): Promise<string[]> {
  const theirs = await script(TheirWebSocketServer);
  const ours = await script(OurWebSocketServer);
  expect(ours).toEqual(theirs);
  return ours;
}

const closers: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** Registers a function that runs after the test. */
export function closing(close: () => unknown): void {
  closers.push(close);
}

/** An HTTP server that listens on a free port. After the test it is closed and its sockets are destroyed. */
export async function httpServer(
  server: http.Server = http.createServer(),
): Promise<{ server: http.Server; port: number; url: string }> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `ws://127.0.0.1:${port}` };
}

/** A WebSocket server on an HTTP server of the test. */
export async function serverOf(
  Server: ServerClass,
  options: ServerOptions = {},
): Promise<{ wss: Server; server: http.Server; port: number; url: string }> {
  const http = await httpServer();
  const wss = new Server({ ...options, server: http.server });
  return { wss, ...http };
}

/** Sends a raw request, and returns what the server sends until it ends or upgrades the connection. */
export async function answerTo(port: number, request: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  closing(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(request, 'latin1');
  let answer = '';
  for await (const chunk of socket) {
    answer += (chunk as Buffer).toString('latin1');
    if (answer.startsWith('HTTP/1.1 101') && answer.endsWith('\r\n\r\n')) break;
  }
  socket.destroy();
  return answer;
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A valid raw upgrade request. `headers` override its own; undefined omits one. */
export function upgradeRequest(
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET / HTTP/1.1',
): string {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const fields = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [line, ...fields, '', ''].join('\r\n');
}

/** The request object for `handleUpgrade()`, without an HTTP server. */
export function requestObject(headers: Record<string, string> = {}, url = '/'): IncomingMessage {
  const all = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13',
    ...headers,
  };
  return { method: 'GET', httpVersion: '1.1', url, headers: all, socket: {} } as unknown as IncomingMessage;
}

/** Returns what a function throws, as one line. */
export function thrown(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing';
}

/** Waits until a client is open or has failed, and returns the outcome. */
export async function outcomeOf(ws: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    ws.on('open', () => resolve(`open ${ws.protocol}`));
    ws.on('error', (error) => resolve(error.message));
  });
}
