// A real primary and a real replica. An address leads to the one that is the primary, as behind a load balancer.
import { setImmediate as turn } from 'node:timers/promises';
import { connectToRedis, type RedisBrokerOptions } from '@framewire/redis';
import { requirement } from '@framewire/testing';
import type { Broker, Position } from '@framewire/topics';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { replicate, startPair, type Pair } from './support/pair.ts';
import { PATIENCE } from './support/patience.ts';
import { startRelay, type Relay } from './support/relay.ts';
import { Subscriber } from './support/subscriber.ts';

async function start(target: number): Promise<Relay> {
  const relay = await startRelay(target);
  onTestFinished(() => relay.close());
  return relay;
}

async function promote({ admin }: Pair): Promise<void> {
  await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
}

function connect(port: number, options: RedisBrokerOptions): Promise<Broker> {
  return connectToRedis(createClient({ socket: { port } }), { timeout: PATIENCE, ...options });
}

async function subscriberAt(port: number, options: RedisBrokerOptions): Promise<Subscriber> {
  const subscriber = new Subscriber(await connect(port, options));
  onTestFinished(() => subscriber.topics.close());
  return subscriber;
}

describe.skipIf(requirement('redis').missing)('A Redis with a replica', () => {
  test.each([
    ['has all messages', 0],
    ['lacks some messages that were confirmed', 2],
  ])('begins a new epoch when its replica, which %s, takes its place', async (_how, lost) => {
    const [primary, replica] = [await startPair(), await startPair()];
    const [address, replication] = [await start(primary.engine.port), await start(primary.engine.port)];
    await replicate(replica, replication.port);
    const one = await subscriberAt(address.port, { history: true });
    const other = await subscriberAt(address.port, { history: true });
    await one.topics.subscribe(one.connection(), 'news');
    const before: Position[] = [];
    for (let id = 1; id <= 3; id++) before.push((await other.topics.publish('news', `${id}`))!);
    while (!(await replica.admin.keys('*')).includes('framewire:stream:news')) await turn();
    while ((await replica.admin.xLen('framewire:stream:news')) < 3) await turn();
    expect(await one.recover('news', before[0]!)).toEqual({ recovered: true, texts: ['2', '3'] });
    if (lost > 0) replication.leadTo();
    for (let id = 4; id < 4 + lost; id++) before.push((await other.topics.publish('news', `${id}`))!);
    await one.has(String(3 + lost));

    await primary.engine.kill();
    await promote(replica);
    address.leadTo(replica.engine.port);
    await one.changed('missed news');
    const after: Position[] = [];
    for (const text of ['a', 'b', 'c']) after.push((await other.publish('news', text))!);
    await one.has('c');
    expect(one.received).toEqual([...before.map((_, index) => String(index + 1)), 'a', 'b', 'c']);
    expect(one.changes).toEqual(['interrupted', 'restored', 'missed news']);
    expect(one.positions.slice(-after.length)).toEqual(after);
    for (const since of before) {
      expect(await one.recover('news', since)).toEqual({ recovered: false, texts: [] });
    }
    expect(await one.recover('news', after[0]!)).toEqual({ recovered: true, texts: ['b', 'c'] });
  });

  test('passes on each message at most once, without a history', async () => {
    const [primary, replica] = [await startPair(), await startPair()];
    const address = await start(primary.engine.port);
    await replicate(replica, primary.engine.port);
    const one = await subscriberAt(address.port, {});
    const other = await subscriberAt(address.port, {});
    await one.topics.subscribe(one.connection(), 'news');
    await other.topics.publish('news', 'before');
    await one.has('before');
    await primary.engine.kill();
    await promote(replica);
    address.leadTo(replica.engine.port);
    await Promise.all([one.changed('restored'), other.changed('restored')]);
    let count = 0;
    while (one.received.length < 3) {
      await other.publish('news', `after ${++count}`);
      await turn();
    }
    const numbers = one.received.slice(1).map((text) => Number(text.split(' ')[1]));
    expect(numbers).toEqual(Array.from(numbers, (_, index) => numbers[0]! + index));
    expect(one.changes).toEqual(['interrupted', 'restored']);
  });

  test('does not take the offsets of messages again when it swaps roles with its replica, there and back', async () => {
    const [one, other] = [await startPair(), await startPair()];
    const address = await start(one.engine.port);
    await replicate(other, one.engine.port);
    const subscriber = await subscriberAt(address.port, { history: true });
    await subscriber.topics.subscribe(subscriber.connection(), 'news');
    const epochs: string[] = [];
    for (const [from, to] of [
      [one, other],
      [other, one],
      [one, other],
    ] as const) {
      epochs.push((await subscriber.publish('news', `in epoch ${epochs.length}`))!.epoch);
      await subscriber.has(`in epoch ${epochs.length - 1}`);
      while (!(await from.admin.info('replication')).includes('state=online')) await turn();
      await from.admin.sendCommand(['FAILOVER', 'TO', '127.0.0.1', String(to.engine.port)]);
      while (!(await to.admin.info('replication')).includes('role:master')) await turn();
      const changes = subscriber.changes.length;
      address.leadTo(to.engine.port);
      while (!subscriber.changes.slice(changes).includes('missed news')) await turn();
    }
    expect(new Set(epochs).size).toBe(3);
    expect(subscriber.received).toEqual(['in epoch 0', 'in epoch 1', 'in epoch 2']);
  });

  test('reports messages as missed that were published while it was a replica, although its connections lasted', async () => {
    const [one, other] = [await startPair(), await startPair()];
    await replicate(other, one.engine.port);
    const subscriber = await subscriberAt(one.engine.port, { history: true });
    const far = await subscriberAt(one.engine.port, { history: true });
    for (const { topics } of [subscriber, far]) await topics.subscribe(subscriber.connection(), 'news');
    const seen = (await far.topics.publish('news', 'seen'))!;
    await subscriber.has('seen');
    // The connections of the brokers stay with this server.
    await promote(other);
    const late = await subscriberAt(other.engine.port, { history: true });
    await late.topics.publish('news', 'elsewhere');
    await replicate(one, other.engine.port);
    await promote(one);
    // It reveals the new epoch, and is among the missed messages if Redis confirms it before the brokers connect again.
    const next = (await far.publish('news', 'next'))!;
    await subscriber.changed('missed news');
    await far.publish('news', 'last');
    await subscriber.has('last');
    expect(next.epoch).not.toBe(seen.epoch);
    expect(subscriber.received).not.toContain('elsewhere');
    expect(subscriber.changes.slice(0, 1)).toEqual(['interrupted']);
  });

  test('does not let brokers connect to two servers through one address', async () => {
    const [one, other] = [await startPair(), await startPair()];
    const ports = [one.engine.port, other.engine.port];
    const address = await start(ports[0]!);
    address.alternate(ports);
    await expect(connect(address.port, {})).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: { message: 'The connections have reached different servers' },
    });
  });
});
