// All packages use one clock: no time limit passes until a test advances it.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { tunnel } from '@framewire/handshake';
import { WebSocket, WebSocketServer } from 'framewire';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.clearAllTimers();
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

/** Each starts something with a time limit of 1000 ms, and returns a promise for its end. */
const limits: Record<string, () => Promise<unknown>> = {
  'handshakeTimeout of a server': () => {
    const { peer } = connect({ handshakeTimeout: 1000, authenticate: () => new Promise(() => {}) });
    return once(peer, 'data');
  },
  'handshakeTimeout of a client': () => {
    const [socket] = duplexPair();
    const createConnection = (): never => socket as never;
    const ws = new WebSocket('ws://localhost', { handshakeTimeout: 1000, createConnection });
    ws.on('error', () => {});
    return closeOf(ws);
  },
  'interval of a heartbeat': () => once(accept({ heartbeat: { interval: 1000 } }).peer, 'data'),
  'interval and timeout of a heartbeat': () =>
    closeOf(accept({ heartbeat: { interval: 400, timeout: 600 } }).ws),
  idleTimeout: () => once(accept({ idleTimeout: 1000 }).peer, 'data'),
  closeTimeout: () => {
    const { ws } = accept({ closeTimeout: 1000 });
    ws.close();
    return closeOf(ws);
  },
  'timeout of shutdown()': () => connect({}).server.shutdown({ timeout: 1000 }) as Promise<unknown>,
  'halfCloseTimeout of a tunnel': () => {
    const [[client, near], [backend, far]] = [halfOpenPair(), halfOpenPair()];
    backend.resume();
    tunnel(near, far, { halfCloseTimeout: 1000 });
    client.end();
    return once(near, 'close');
  },
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

test.each(Object.entries(limits))('%s passes by the clock of the test', async (_name, begin) => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const passed = vi.fn();
  const limit = begin().then(passed);
  await settled();
  passed.mockClear();
  // In steps, because a heartbeat sets its next timer when the last one expires.
  for (const milliseconds of [400, 599]) {
    vi.advanceTimersByTime(milliseconds);
    await settled();
  }
  expect(passed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  await limit;
});

test('packages read the time only in these files', () => {
  const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
  const engineTime =
    /(?<![.\w])set(?:Timeout|Interval)\(|\b(?:Date|performance)\.now\b|\bhrtime\b|'node:(?:timers|perf_hooks)'/;
  const files = [
    'client',
    'codec',
    'connection',
    'deflate',
    'framewire',
    'handshake',
    'permessage-deflate',
    'server',
  ].flatMap((name) =>
    readdirSync(`${packages}/${name}/src`, { recursive: true, encoding: 'utf8' })
      // The one in the kernels only declares types.
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
  ]);
});
