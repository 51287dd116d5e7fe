// The process of the server of the load test: echoes, counts, and reports on request.
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { ServerReport } from './crowd.ts';
import { peerNamed } from './pairings.ts';

const { WebSocketServer } = peerNamed(process.argv[2]);

const closed: Record<string, number> = {};
const report = { messages: 0, errors: 0, closed };

let isAskedForTheEnd = false;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  const { port } = server.address() as AddressInfo;
  process.send?.(`ws://127.0.0.1:${port}`);
});

server.on('connection', (ws) => {
  ws.on('message', (data, isBinary) => {
    report.messages++;
    ws.send(data, { binary: isBinary });
  });
  ws.on('error', () => report.errors++);
  ws.on('close', (code) => {
    closed[code] = (closed[code] ?? 0) + 1;
    if (isAskedForTheEnd) answerAtTheEnd();
  });
});

process.on('message', (question: string) => {
  if (question === 'report') answer();
  else {
    isAskedForTheEnd = true;
    answerAtTheEnd();
  }
});

function answer(): void {
  const now: ServerReport = { open: server.clients.size, ...report };
  process.send?.(now);
}

/** The server sees a close later than the client, so waits for the last one. */
function answerAtTheEnd(): void {
  if (server.clients.size > 0) return;
  isAskedForTheEnd = false;
  answer();
}
