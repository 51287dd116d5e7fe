// The server process of the load test. It echoes messages, and reports its counts on request.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { answer } from '@framewire/testing/program';
import type { ServerReport } from './crowd.ts';
import { peerNamed } from './pairings.ts';

const { WebSocketServer } = peerNamed(process.argv[2]);

const closed: Record<string, number> = {};
const counts = { messages: 0, errors: 0, closed };

/** Called when the last client has disconnected. */
let onEmpty = (): void => {};

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096 });
const listening = once(server, 'listening');

server.on('connection', (ws) => {
  ws.on('message', (data, isBinary) => {
    counts.messages++;
    ws.send(data, { binary: isBinary });
  });
  ws.on('error', () => counts.errors++);
  ws.on('close', (code) => {
    closed[code] = (closed[code] ?? 0) + 1;
    if (server.clients.size === 0) onEmpty();
  });
});

const report = (): ServerReport => ({ open: server.clients.size, ...counts });

answer({
  async url() {
    await listening;
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  report,
  /** The server sees a close later than the client, so it waits for the last client. */
  async end() {
    if (server.clients.size > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
    return report();
  },
});
