// A Redis before 7, which has no sharded channels: a real Redis 7 whose answers say that it is a Redis 6.
import { Buffer } from 'node:buffer';
import { Transform } from 'node:stream';
import { connectToRedis, type RedisBrokerOptions } from '@framewire/redis';
import { requirement, startRedis, type Engine } from '@framewire/testing';
import type { Broker } from '@framewire/topics';
import { brokerContract } from '@framewire/topics/contract';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { PATIENCE } from './support/patience.ts';
import { startRelay, type Relay } from './support/relay.ts';

const VERSION = Buffer.from('redis_version:');

/** Replaces the major version in the answers. */
function asRedis6(): Transform {
  // How many bytes of `VERSION` have passed. They may be in two chunks.
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      for (const [index, byte] of chunk.entries()) {
        if (passed === VERSION.length) chunk.write('6', index);
        passed = byte === VERSION[passed] ? passed + 1 : 0;
      }
      callback(null, chunk);
    },
  });
}

describe.skipIf(requirement('redis').missing)('A broker on a Redis without sharded channels', () => {
  let engine: Engine;
  let relay: Relay;
  beforeAll(async () => {
    engine = await startRedis();
    relay = await startRelay(engine.port, asRedis6);
  });
  afterAll(async () => {
    await relay.close();
    await engine.stop();
  });

  describe.each<[string, RedisBrokerOptions]>([
    ['without history', {}],
    ['with a durable history', { history: { messages: 50, durable: true } }],
  ])('%s', (_how, options) => {
    const connect = (): Promise<Broker> =>
      connectToRedis(createClient({ socket: { port: relay.port } }), { timeout: PATIENCE, ...options });
    const harness = {
      connect,
      interrupt: () => engine.kill(),
      restore: () => engine.restart(),
      hasHistory: options.history !== undefined,
      overflow: 300,
    };
    for (const { title, run } of brokerContract(harness)) test(title, run);

    test('uses plain channels', async () => {
      const broker = await connect();
      const client = createClient({ socket: { port: engine.port } });
      await client.connect();
      onTestFinished(async () => {
        client.destroy();
        await broker.close();
      });
      await broker.subscribe('news');
      expect(await client.pubSubChannels()).toHaveLength(1);
      expect(await client.pubSubShardChannels()).toEqual([]);
    });
  });
});
