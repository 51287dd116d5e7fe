// What `connectToRedis()` rejects, and what it then leaves open.
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type LookupFunction } from 'node:net';
import { connectToRedis, type SentinelOptions } from '@framewire/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { expect, test } from 'vitest';

/** Options of a socket whose address the test looks up. */
interface SlowSocket {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
}

test('connectToRedis() rejects if there is no Redis', async () => {
  const port = 1;
  await expect(connectToRedis(createClient({ socket: { port } }))).rejects.toMatchObject({
    code: 'WS_ERR_BROKER_UNREACHABLE',
  });
});

test('connectToRedis() rejects if a server accepts connections and does not answer', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createClient({ socket: { port, connectTimeout: 60_000 } });
  await expect(connectToRedis(client, { timeout: 20 })).rejects.toMatchObject({
    code: 'WS_ERR_BROKER_UNREACHABLE',
  });
  // Nothing is left open.
  server.close();
  await once(server, 'close');
});

test.each<[string, (socket: SlowSocket) => Parameters<typeof connectToRedis>[0]]>([
  ['Redis', (socket) => createClient({ socket })],
  [
    'a sentinel',
    ({ host, port, lookup }) => ({
      name: 'main',
      sentinelRootNodes: [{ host, port }],
      sentinelClientOptions: { socket: { lookup } },
    }),
  ],
])('connectToRedis() ends a socket that is still connecting to %s', async (_peer, target) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const found: (() => void)[] = [];
  const lookup: LookupFunction = (_host, _options, callback) => {
    found.push(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
  };
  await expect(
    connectToRedis(target({ host: 'slow.test', port, lookup }), { timeout: 20 }),
  ).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
  expect(found.length).toBeGreaterThan(0);
  let accepted = 0;
  server.on('connection', (socket) => {
    accepted++;
    socket.destroy();
  });
  for (const resolve of found) resolve();
  // The server accepts this one after all that began before it.
  const own = createConnection(port, '127.0.0.1').resume();
  await once(own, 'close');
  expect(accepted).toBe(1);
  server.close();
  await once(server, 'close');
});

test.each([
  { timeout: 0 },
  { timeout: Number.NaN },
  { history: { messages: 0 } },
  { history: { milliseconds: -1 } },
  { history: { milliseconds: Number.NaN } },
  { prefix: '\ud800' },
])('connectToRedis() rejects %j', async (options) => {
  await expect(connectToRedis(createClient(), options)).rejects.toThrow(RangeError);
});

test.each<[string, unknown]>([
  ['createSentinel()', createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })],
  ['createCluster()', createCluster({ rootNodes: [] })],
  ['createClientPool()', createClientPool()],
])('connectToRedis() rejects a client of %s', async (_function, client) => {
  await expect(connectToRedis(client as SentinelOptions)).rejects.toThrow(TypeError);
});
