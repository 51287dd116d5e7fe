// The process of the servers under attack. It catches no exceptions, so any exception ends it.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { formatRefusal, requestHeadParser } from '@framewire/handshake';
import { WebSocketServer, type WebSocket } from 'framewire';
import { endpoints, waits } from './endpoints.ts';
import { copied, forgetPeak, memory, work } from './measures.ts';
import { answer } from '@framewire/testing/program';

/** The cost of parsing a head. */
export interface HeadCost {
  /** The CPU time, in microseconds. */
  readonly work: number;
  /** How many bytes are copied to parse it once. */
  readonly copied: number;
}

/** How the connections to each path have ended. */
const endings = new Map<string, string[]>();
const requests: string[] = [];

const page = Buffer.alloc(1024 * 1024, 'page');
// By default, Node would refuse the long values that must reach our parsers.
const http = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
  requests.push(request.url ?? '');
  response.end(page);
});

http.setMaxListeners(0);
for (const [path, { options, serve = echo, answerErrors }] of Object.entries(endpoints)) {
  // Refused clients must be disconnected immediately, not by this time limit.
  const server = new WebSocketServer({ closeTimeout: 600_000, ...options, path, server: http });
  server.on('connection', (ws) => {
    watch(path, ws);
    serve(ws);
  });
  if (answerErrors) {
    server.on('wsClientError', (error, socket) => socket.end(`HTTP/1.1 418 ${error.message}\r\n\r\n`));
  }
}

function echo(ws: WebSocket): void {
  ws.on('message', (data: WebSocket.RawData, isBinary: boolean) => ws.send(data, { binary: isBinary }));
}

function watch(path: string, ws: WebSocket): void {
  let reason = '';
  ws.on('error', (error: Error & { code?: string }) => (reason = ` ${error.code ?? error.message}`));
  ws.on('close', (code) => {
    endings.set(path, [...(endings.get(path) ?? []), `${code}${reason}`]);
  });
}

/** A server on its own port with default options, and one with a short time limit. */
const plain = new WebSocketServer({ port: 0, host: '127.0.0.1' });
const hasty = new WebSocketServer({ port: 0, host: '127.0.0.1', handshakeTimeout: 200 });
for (const server of [plain, hasty]) {
  server.on('connection', (ws) => {
    watch('own port', ws);
    echo(ws);
  });
}

/** Reads heads with our own parser from raw TCP. */
const heads = net.createServer((socket) => {
  const parser = requestHeadParser({ maxBytes: 64 * 1024 });
  const read = (chunk: Buffer): void => {
    const result = parser.push(chunk);
    if (result === undefined) return;
    socket.off('data', read).resume();
    socket.end(result.ok ? `whole: ${result.head.target}` : formatRefusal(result.refusal));
  };
  socket.on('data', read).on('error', () => socket.destroy());
});

const listening = [http.listen(0, '127.0.0.1'), plain, hasty, heads.listen(0, '127.0.0.1')];
const port = async (server: (typeof listening)[number]): Promise<number> => {
  if (server.address() === null) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** The cost of parsing a head that arrives a byte at a time, as often as given. */
function costOfHead({ head, times }: { head: string; times: number }): HeadCost {
  const bytes = Buffer.from(head);
  const read = (): void => {
    const parser = requestHeadParser({ maxBytes: bytes.length });
    let result;
    for (let at = 0; at < bytes.length; at++) result = parser.push(bytes.subarray(at, at + 1));
    if (result?.ok !== true) throw new Error('The head is invalid');
  };
  const before = work();
  for (let count = 0; count < times; count++) read();
  return { work: work() - before, copied: copied(read) };
}

/** How many TCP connections all servers have. */
async function connections(): Promise<number> {
  const servers = [http, plain._server, hasty._server, heads] as net.Server[];
  const counts = await Promise.all(servers.map((server) => promisify(server.getConnections.bind(server))()));
  return counts.reduce((sum, count) => sum + count);
}

answer({
  ports: () => Promise.all(listening.map(port)),
  forgetPeak,
  memory,
  work,
  connections,
  requests: () => requests,
  costOfHead,
  waits: () => waits.count,
  endings: (path: string) => endings.get(path) ?? [],
  forgetEndings: () => {
    endings.clear();
  },
});
