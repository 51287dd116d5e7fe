// Servers for clients under test: those of ws and of Node, and sockets that answer with any bytes.
import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach } from 'vitest';
import type { WebSocket } from '@framewire/client';
import { WebSocketServer, type ServerOptions } from 'ws';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** Registers a function that runs after the test. */
export function closing(close: () => Promise<unknown>): void {
  closers.push(close);
}

/** A listening server and its address. */
export interface Listening<Server> {
  readonly server: Server;
  readonly port: number;
  /** `ws://127.0.0.1:<port>` */
  readonly url: string;
}

/** Listens on a free local port. After the test, closes the server and all its connections. */
export async function listen<Server extends net.Server>(
  server: Server,
  at: net.ListenOptions = { port: 0, host: '127.0.0.1' },
): Promise<Listening<Server>> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(at);
  await once(server, 'listening');
  closing(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, port, url: `ws://127.0.0.1:${port}` };
}

/** A server of ws, on an HTTP server that lets the test see the requests. */
export async function wsServer(
  options: ServerOptions = {},
  server: net.Server & http.Server = http.createServer(),
): Promise<Listening<http.Server> & { wss: WebSocketServer; requests: http.IncomingMessage[] }> {
  const requests: http.IncomingMessage[] = [];
  server.on('upgrade', (request: http.IncomingMessage) => requests.push(request));
  const wss = new WebSocketServer({ ...options, server });
  const listening = await listen(server);
  closing(() => {
    for (const client of wss.clients) client.terminate();
    return Promise.resolve();
  });
  return { ...listening, wss, requests };
}

/** An HTTP server without upgrades. */
export function httpServer(
  onRequest: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<Listening<http.Server>> {
  return listen(http.createServer(onRequest));
}

/** A TCP server that calls `answer` with the head of each request. */
export function rawServer(
  answer: (head: string, socket: net.Socket) => void,
): Promise<Listening<net.Server>> {
  return listen(
    net.createServer((socket) => {
      let head = '';
      const onData = (chunk: Buffer): void => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        socket.off('data', onData);
        answer(head, socket);
      };
      socket.on('data', onData);
    }),
  );
}

/** Returns the value of a header in a raw head. */
export function headerOf(head: string, name: string): string | undefined {
  const line = head.split('\r\n').find((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

/** Computes the value of `Sec-WebSocket-Accept` for a request (RFC 6455 §4.2.2). */
export function acceptOf(head: string): string {
  const key = headerOf(head, 'Sec-WebSocket-Key') ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** The 101 for a raw request, with additional lines. */
export function switching(head: string, ...more: string[]): string {
  const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptOf(head)}`];
  return ['HTTP/1.1 101 Switching Protocols', ...lines, ...more, '', ''].join('\r\n');
}

/** The code and the reason of the close event, even after an error event. */
export function closeOf(ws: WebSocket): Promise<[code: number, reason: Buffer]> {
  return new Promise((resolve) => {
    ws.once('close', (code, reason) => {
      resolve([code, reason]);
    });
  });
}
