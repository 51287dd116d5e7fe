// The process of two servers: for clients that send their request slowly, and for clients that are authenticated slowly.
import { once } from 'node:events';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { promisify } from 'node:util';
import { WebSocketServer } from 'framewire';
import { memory } from './measures.ts';
import { answer } from '@framewire/testing/program';

const [, , maxConnections, handshakeTimeout] = process.argv.map(Number);

/** The functions that end pending authentications. */
const authenticating = new Set<() => void>();
let left = 0;

/** A server with a short time limit for requests. */
const hasty = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096, handshakeTimeout });
/** A server that authenticates the path /slow when the test requests it, and others immediately. */
const slow = new WebSocketServer({
  ...{ port: 0, host: '127.0.0.1', backlog: 4096, maxConnections },
  authenticate({ url }, { signal }) {
    if (url !== '/slow') return Promise.resolve(url);
    return new Promise<string>((resolve) => {
      const admit = (): void => resolve('slow');
      authenticating.add(admit);
      signal.addEventListener('abort', () => {
        authenticating.delete(admit);
        left++;
      });
    });
  },
});

for (const server of [hasty, slow]) {
  server.on('connection', (ws) => {
    ws.on('error', () => {});
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
}

async function portOf(server: WebSocketServer): Promise<number> {
  if (server.address() === null) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function connectionsOf(server: WebSocketServer): Promise<number> {
  const http = server._server as net.Server;
  return promisify(http.getConnections.bind(http))();
}

answer({
  ports: () => Promise.all([portOf(hasty), portOf(slow)]),
  memory,
  state: async () => ({
    hasty: await connectionsOf(hasty),
    slow: await connectionsOf(slow),
    authenticating: authenticating.size,
    left,
  }),
  admit() {
    for (const admit of authenticating) admit();
    authenticating.clear();
  },
});
