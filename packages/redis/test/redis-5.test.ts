// The oldest major version of the package `redis` that may be installed.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { requirement, startRedis, startSentinel, type Engine } from '@framewire/testing';
import { brokerContract } from '@framewire/topics/contract';
import { createClient } from 'redis-5';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AnyRedisClient } from '@framewire/redis';
import { PATIENCE } from './support/patience.ts';

vi.doMock('redis', () => import('redis-5'));
const { connectToRedis } = await import('@framewire/redis');

describe.skipIf(requirement('redis').missing)('A broker on Redis, with version 5 of the client', () => {
  let engine: Engine;
  let sentinel: Engine;
  beforeAll(async () => {
    engine = await startRedis();
    sentinel = await startSentinel(engine.port);
  });
  afterAll(async () => {
    await sentinel.stop();
    await engine.stop();
  });

  // The types of the versions differ in parts that the broker does not use.
  const client = (): AnyRedisClient => createClient({ socket: { port: engine.port } }) as never;
  const history = { messages: 50, durable: true };
  const harness = {
    connect: () => connectToRedis(client(), { history, timeout: PATIENCE }),
    interrupt: () => engine.kill(),
    restore: () => engine.restart(),
    hasHistory: true,
    overflow: 300,
  };
  for (const { title, run } of brokerContract(harness)) test(title, run);

  test('finds the primary through Sentinel', async () => {
    const sentinelRootNodes = [{ host: '127.0.0.1', port: sentinel.port }];
    const broker = await connectToRedis({ name: 'main', sentinelRootNodes }, { history, timeout: PATIENCE });
    expect(await broker.publish('news', new Uint8Array(1))).toMatchObject({ offset: 1 });
    await broker.close();
  });
});

test.each<[string, (options: object, port: number) => Parameters<typeof connectToRedis>[0]]>([
  ['Redis', (options, port) => createClient({ ...options, socket: { port } }) as never],
  [
    'a sentinel',
    (sentinelClientOptions, port) => ({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port }],
      sentinelClientOptions,
    }),
  ],
])(
  'with version 5, connectToRedis() rejects if %s closes a socket whose client waits for credentials',
  async (_peer, target) => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const credentials = (): Promise<never> => new Promise(() => {});
    const options = { credentialsProvider: { type: 'async-credentials-provider', credentials } };
    await expect(connectToRedis(target(options, port), { timeout: 50 })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    server.close();
    await once(server, 'close');
  },
);
