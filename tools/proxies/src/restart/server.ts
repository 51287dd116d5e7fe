// A process with a server that stores messages, acknowledges them, and regularly sends its own messages to all clients.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import { WebSocketServer, type WebSocket } from 'framewire';

/** What a server has seen and sent. */
export interface ServerReport {
  /** The numbers of the messages that it has stored, by client. */
  readonly stored: Readonly<Record<string, readonly number[]>>;
  /** How many messages it has sent, by connection. */
  readonly sent: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

const [, , pace] = process.argv;
const stored: Record<string, number[]> = {};
const sent: Record<string, number> = {};
const errors: string[] = [];
const paths = new WeakMap<WebSocket, string>();
let isReady = true;

const http = createServer((_request, response) => response.writeHead(isReady ? 200 : 503).end());
const server = new WebSocketServer({ server: http });

/** `shutdown` has the type `any`, because a subclass may declare another type. */
const stoppable = server as unknown as { shutdown(options: { spread: number }): Promise<unknown> };

server.on('connection', (ws, request) => {
  // An upgrade request always has a URL.
  const url = request.url as string;
  const [, client = ''] = url.split('/');
  const messages = (stored[client] ??= []);
  paths.set(ws, url);
  sent[url] = 0;
  ws.on('error', ({ message }) => errors.push(message));
  ws.on('message', (data: Buffer) => {
    messages.push(Number(data));
    if (ws.readyState === ws.OPEN) ws.send(`ack ${String(data)}`);
  });
});

setInterval(() => {
  for (const ws of server.clients) {
    const path = paths.get(ws);
    if (path === undefined || ws.readyState !== ws.OPEN) continue;
    sent[path] = (sent[path] ?? 0) + 1;
    ws.send(`news ${sent[path]}`);
  }
}, Number(pace));

answer({
  async listen() {
    http.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(http, 'listening');
    return (http.address() as AddressInfo).port;
  },
  connections: () => server.clients.size,
  shutdown(spread: number) {
    isReady = false;
    return stoppable.shutdown({ spread });
  },
  report: (): ServerReport => ({ stored, sent, errors }),
});
