// Packages for Node use one clock: no time limit passes until a test advances it.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { tunnel } from '@framewire/handshake';
import { WebSocket, WebSocketServer } from 'framewire';
import { heartbeat } from '@framewire/topics/engine';
import { connectToHub } from '@framewire/topics/processes';
import { afterEach, expect, test, vi } from 'vitest';

const ports: MessagePort[] = [];

afterEach(() => {
  vi.clearAllTimers();
  for (const port of ports.splice(0)) port.close();
});

/** A silent peer of a server. */
function connect(options: object): { peer: Duplex; server: WebSocketServer } {
  const server = new WebSocketServer({ noServer: true, ...options });
  const [peer, socket] = duplexPair();
  peer.resume().on('error', () => {});
  const headers = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    'sec-websocket-extensions': 'permessage-deflate',
  };
  const request = { method: 'GET', httpVersion: '1.1', url: '/', headers, socket: {} };
  server.handleUpgrade(request as unknown as IncomingMessage, socket, Buffer.alloc(0), (ws) => {
    ws.on('error', () => {});
    server.emit('connection', ws, request as unknown as IncomingMessage);
  });
  return { peer, server };
}

/** A connection of a server with the given options. */
function accept(options: object): { peer: Duplex; ws: WebSocket } {
  const { peer, server } = connect(options);
  const [ws] = server.clients;
  return { peer, ws: ws! };
}

/** Each function starts something with a time limit, and returns a promise that resolves when the limit has passed. */
const limits: Record<string, (limit: number) => Promise<unknown>> = {
  'handshakeTimeout of a server': (limit) => {
    const { peer } = connect({ handshakeTimeout: limit, authenticate: () => new Promise(() => {}) });
    return once(peer, 'data');
  },
  'handshakeTimeout of a client': (limit) => {
    const [socket] = duplexPair();
    const createConnection = (): never => socket as never;
    const ws = new WebSocket('ws://localhost', { handshakeTimeout: limit, createConnection });
    ws.on('error', () => {});
    return closeOf(ws);
  },
  'interval of a heartbeat': (interval) => once(accept({ heartbeat: { interval } }).peer, 'data'),
  'interval and timeout of a heartbeat': (limit) =>
    closeOf(accept({ heartbeat: { interval: 0.4 * limit, timeout: 0.6 * limit } }).ws),
  idleTimeout: (idleTimeout) => once(accept({ idleTimeout }).peer, 'data'),
  maxLifetime: (maxLifetime) => once(accept({ maxLifetime }).peer, 'data'),
  closeTimeout: (closeTimeout) => {
    const { ws } = accept({ closeTimeout });
    ws.close();
    return closeOf(ws);
  },
  'timeout of shutdown()': (timeout) => connect({}).server.shutdown({ timeout }),
  'halfCloseTimeout of a tunnel': (halfCloseTimeout) => {
    const [[client, near], [backend, far]] = [halfOpenPair(), halfOpenPair()];
    backend.resume();
    tunnel(near, far, { halfCloseTimeout });
    client.end();
    return once(near, 'close');
  },
  'timeout of connectToHub()': (timeout) => {
    const { port1: port } = new MessageChannel();
    ports.push(port);
    return connectToHub({ timeout, port }).catch(() => undefined);
  },
  'interval of the heartbeat of a broker': (interval) =>
    new Promise<void>((resolve) => {
      heartbeat(interval, () => new Promise(() => resolve()), vi.fn());
    }),
};

function closeOf(ws: WebSocket): Promise<unknown> {
  return new Promise((resolve) => ws.on('close', resolve));
}

function halfOpenPair(): [Duplex, Duplex] {
  return duplexPair({ allowHalfOpen: true });
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}

test.each(Object.entries(limits))('%s passes when the test advances the clock', async (_name, begin) => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const passed = vi.fn();
  const limit = begin(1000).then(passed);
  await settled();
  passed.mockClear();
  // In steps, because a heartbeat sets its next timer when the previous one expires.
  for (const milliseconds of [400, 599]) {
    vi.advanceTimersByTime(milliseconds);
    await settled();
  }
  expect(passed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  await limit;
});

test.each(Object.entries(limits))('%s may be longer than the longest timer of Node', async (_name, begin) => {
  for (const longer of [2 ** 31, Infinity]) {
    const passed = vi.fn();
    void begin(longer).then(passed);
    await settled();
    passed.mockClear();
    vi.advanceTimersByTime(1000);
    await settled();
    expect(passed).not.toHaveBeenCalled();
    vi.clearAllTimers();
  }
});

test('packages read the time only in these files', () => {
  const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
  const engineTime =
    /(?<![.\w])set(?:Timeout|Interval)\(|\b(?:Date|performance)\.now\b|\bhrtime\b|'node:(?:timers|perf_hooks)'/;
  const files = readdirSync(packages).flatMap((name) =>
    readdirSync(`${packages}/${name}/src`, { recursive: true, encoding: 'utf8' })
      // `kernel.ts` only declares types.
      .filter((file) => file.endsWith('.ts') && !file.endsWith('kernel.ts'))
      .map((file) => `${name}/src/${file.replaceAll('\\', '/')}`),
  );
  const withTime = files.filter((file) => {
    const code = readFileSync(`${packages}/${file}`, 'utf8').replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
    return engineTime.test(code);
  });
  expect(withTime.sort()).toEqual([
    'connection/src/clock.ts',
    'connection/src/scheduling.ts',
    'handshake/src/kernels/node.ts',
    'handshake/src/kernels/portable.ts',
    'permessage-deflate/src/kernels/node.ts',
    'permessage-deflate/src/kernels/portable.ts',
    // These also run in browsers and import no layer for Node, so they use the clock of the platform.
    'reconnect/src/attempt.ts',
    'reconnect/src/reconnecting-websocket.ts',
    'stream/src/platform-transport.ts',
  ]);
});
