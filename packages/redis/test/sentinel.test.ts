// A primary, a replica and three sentinels, as processes.
import { setImmediate as turn } from 'node:timers/promises';
import { connectToRedis, type RedisBrokerOptions, type SentinelOptions } from '@framewire/redis';
import { requirement, startSentinel } from '@framewire/testing';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { replicate, startPair, type Pair } from './support/pair.ts';
import { PATIENCE } from './support/patience.ts';
import { Subscriber } from './support/subscriber.ts';

const HOST = '127.0.0.1';

/** Starts three sentinels, and waits until each knows the replica and the other sentinels. */
async function startSentinels(primary: Pair): Promise<{ host: string; port: number }[]> {
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(primary.engine.port)));
  onTestFinished(async () => {
    for (const each of sentinels) await each.stop();
  });
  for (const { port } of sentinels) {
    const client = createClient({ socket: { port } });
    await client.connect();
    let state: string;
    do state = await client.info('sentinel');
    while (!state.includes('slaves=1,sentinels=3'));
    client.destroy();
  }
  return sentinels.map(({ port }) => ({ host: HOST, port }));
}

describe.skipIf(requirement('redis').missing)('Sentinels', () => {
  test.each<[string, RedisBrokerOptions]>([
    ['without history', {}],
    ['with history', { history: true }],
  ])(
    'lead all servers to the new primary after the old one was killed, %s',
    async (_how, options) => {
      const [primary, replica] = [await startPair(), await startPair()];
      await replicate(replica, primary.engine.port);
      const nodes = await startSentinels(primary);
      // One sentinel is gone.
      const sentinelRootNodes = [{ host: HOST, port: 1 }, ...nodes];
      const sentinels: SentinelOptions = { name: 'main', sentinelRootNodes };
      const subscribers = await Promise.all(
        [1, 2, 3].map(
          async () => new Subscriber(await connectToRedis(sentinels, { timeout: PATIENCE, ...options })),
        ),
      );
      onTestFinished(async () => {
        for (const { topics } of subscribers) await topics.close();
      });
      for (const each of subscribers) await each.topics.subscribe(each.connection(), 'news');
      const [one, ...others] = subscribers as [Subscriber, Subscriber, Subscriber];
      const before = await one.topics.publish('news', 'before');
      for (const each of subscribers) await each.has('before');

      await primary.engine.kill();
      const restored = options.history === undefined ? 'restored' : 'missed news';
      for (const each of subscribers) await each.changed(restored);
      expect(await replica.admin.info('replication')).toContain('role:master');
      if (before !== undefined) {
        const after = (await one.publish('news', 'after'))!;
        for (const each of subscribers) await each.has('after');
        expect(await others[0].recover('news', before)).toEqual({ recovered: false, texts: [] });
        expect(after.epoch).not.toBe(before.epoch);
        for (const each of subscribers) expect(each.received).toEqual(['before', 'after']);
      } else {
        // Another server may not have subscribed again when the first messages are published.
        for (let count = 0; others.some(({ received }) => received.length < 3); count++) {
          await one.publish('news', `after ${count}`);
          await turn();
        }
        for (const each of others) expect(new Set(each.received).size).toBe(each.received.length);
      }
      for (const { changes } of subscribers)
        expect(changes.filter((each) => each !== 'missed news')).toEqual(['interrupted', 'restored']);
    },
    60_000,
  );

  test('map the address of the primary, and pass on the options of its client', async () => {
    const primary = await startPair();
    await primary.admin.configSet('requirepass', 'secret');
    const { port } = primary.engine;
    const sentinel = await startSentinel(1);
    onTestFinished(() => sentinel.stop());
    const options: SentinelOptions = {
      name: 'main',
      sentinelRootNodes: [{ host: HOST, port: sentinel.port }],
      nodeClientOptions: { password: 'secret' },
    };
    for (const nodeAddressMap of [
      { '127.0.0.1:1': { host: HOST, port } },
      (address: string) => (address === '127.0.0.1:1' ? { host: HOST, port } : undefined),
    ]) {
      const broker = await connectToRedis({ ...options, nodeAddressMap }, { timeout: PATIENCE });
      await broker.publish('news', new Uint8Array(1));
      await broker.close();
    }
  });

  test('count as unreachable if none of them answers', async () => {
    const sentinel = await startSentinel(1);
    onTestFinished(() => sentinel.stop());
    const sentinelRootNodes = [{ host: HOST, port: sentinel.port }];
    await expect(connectToRedis({ name: 'another', sentinelRootNodes })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: {
        message: 'No sentinel has named the primary: The sentinel does not know a primary named "another"',
      },
    });
    sentinel.freeze();
    await expect(
      connectToRedis({ name: 'main', sentinelRootNodes }, { timeout: 49.5 }),
    ).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: { message: 'No sentinel has answered for 49.5 ms' },
    });
    sentinel.thaw();
  });
});
