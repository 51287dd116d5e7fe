// Brokers on a Redis that the tests start, kill and restart.
import { Buffer } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { connectToRedis, type RedisBrokerOptions } from '@framewire/redis';
import { requirement, startRedis, type Engine } from '@framewire/testing';
import { Topics, type Broker, type TopicConnection } from '@framewire/topics';
import { brokerContract } from '@framewire/topics/contract';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { PATIENCE } from './support/patience.ts';
import { Subscriber } from './support/subscriber.ts';

describe.skipIf(requirement('redis').missing)('A broker on Redis', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startRedis();
  });
  afterAll(() => engine.stop());

  const connect = (options: RedisBrokerOptions = {}): Promise<Broker> =>
    connectToRedis(createClient({ socket: { port: engine.port } }), { timeout: PATIENCE, ...options });

  describe.each<[string, RedisBrokerOptions]>([
    ['without history', {}],
    ['with history', { history: { messages: 50 } }],
    ['with a durable history', { history: { messages: 50, durable: true } }],
    [
      'with a history that does not expire',
      { history: { messages: 50, milliseconds: Infinity, durable: true } },
    ],
  ])('%s', (_how, options) => {
    const { history } = options;
    const survivesRestarts = typeof history !== 'object' || history.durable === true;
    const harness = {
      connect: () => connect(options),
      interrupt: survivesRestarts ? () => engine.kill() : undefined,
      restore: () => engine.restart(),
      hasHistory: history !== undefined,
      // Streams are trimmed by whole nodes of 100 messages.
      overflow: 300,
    };
    for (const { title, run } of brokerContract(harness)) test(title, run);
  });

  test('reports when Redis stops answering, and when it answers again', async () => {
    const broker = await connect({ timeout: 1000 });
    const changes: string[] = [];
    const interrupted = new Promise<void>((resolve) => {
      broker.listen({
        message: () => {},
        interrupted: () => {
          changes.push('interrupted');
          resolve();
        },
        restored: () => changes.push('restored'),
      });
    });
    engine.freeze();
    const published = broker.publish('news', new Uint8Array(1));
    await expect(published).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    await interrupted;
    engine.thaw();
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
    await broker.close();
  });

  test.each<[string, RedisBrokerOptions]>([
    ['a ping reveals', { timeout: 1000 }],
    ['a message reveals', { history: true, timeout: 60_000 }],
  ])('reports an interruption when %s that a failover has made Redis a replica', async (_how, options) => {
    const [one, other] = [await startRedis(), await startRedis()];
    const client = createClient({ socket: { port: one.port } });
    await client.connect();
    const broker = await connectToRedis(createClient({ socket: { port: one.port } }), options);
    onTestFinished(async () => {
      await broker.close();
      client.destroy();
      for (const each of [one, other]) await each.stop();
    });
    const changes: string[] = [];
    broker.listen({
      message: () => {},
      interrupted: () => changes.push('interrupted'),
      restored: () => changes.push('restored'),
    });
    await client.sendCommand(['REPLICAOF', '127.0.0.1', String(other.port)]);
    if (options.history === true) {
      await expect(broker.publish('news', new Uint8Array(1))).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
    }
    while (changes.length === 0) await turn();
    await expect(connectToRedis(createClient({ socket: { port: one.port } }), options)).rejects.toMatchObject(
      { code: 'WS_ERR_BROKER_UNREACHABLE' },
    );
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
    await broker.publish('news', new Uint8Array(1));
  });

  test('does not let clients recover when Redis has lost its messages', async () => {
    const missed: string[] = [];
    const topics = new Topics({
      broker: await connect({ history: true }),
      onMissed: (topic) => missed.push(topic),
    });
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    onTestFinished(async () => {
      client.destroy();
      await topics.close();
    });
    const received: unknown[] = [];
    // Only the parts of a connection that topics use.
    const ws = {
      readyState: 1,
      send: (message: unknown) => received.push(message),
      on: () => {},
      off: () => {},
    } as unknown as TopicConnection;
    await topics.subscribe(ws, 'lost');
    const since = (await topics.publish('lost', 'one'))!;
    await client.flushAll();
    const position = (await topics.publish('lost', 'two'))!;
    expect(position.epoch).not.toBe(since.epoch);
    while (received.length < 2) await turn();
    // The subscriber has received both messages.
    expect(missed).toEqual([]);
    topics.unsubscribe(ws, 'lost');
    expect(await topics.subscribe(ws, 'lost', { since })).toEqual({ recovered: false, position });
    await client.flushAll();
    // Ends the connection of the broker. Messages may be lost until it has another one.
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    while (missed.length === 0) await turn();
    expect(missed).toEqual(['lost']);
    await topics.publish('lost', 'three');
    while (received.length < 3) await turn();
  });

  test.each([
    ['begins a new epoch', false],
    ['keeps a durable epoch', true],
  ])('%s when Redis restarts', async (_what, durable) => {
    const history = { durable };
    const subscriber = new Subscriber(await connect({ history, prefix: `restart ${durable}:` }));
    onTestFinished(() => subscriber.topics.close());
    await subscriber.topics.subscribe(subscriber.connection(), 'news');
    const since = (await subscriber.topics.publish('news', 'before'))!;
    await subscriber.has('before');
    await engine.kill();
    await engine.restart();
    await subscriber.changed(durable ? 'restored' : 'missed news');
    const position = (await subscriber.publish('news', 'after'))!;
    await subscriber.has('after');
    expect(position.epoch === since.epoch).toBe(durable);
    expect(subscriber.changes.includes('missed news')).toBe(!durable);
    expect(await subscriber.recover('news', since)).toEqual({
      recovered: durable,
      texts: durable ? ['after'] : [],
    });
  });

  test('loads its scripts again when Redis has lost them', async () => {
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    const subscriber = new Subscriber(await connect({ history: true }));
    onTestFinished(async () => {
      client.destroy();
      await subscriber.topics.close();
    });
    await subscriber.topics.subscribe(subscriber.connection(), 'scripts');
    await subscriber.topics.publish('scripts', 'before');
    await client.scriptFlush();
    await expect(subscriber.topics.publish('scripts', 'lost')).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    await subscriber.publish('scripts', 'after');
    await subscriber.has('after');
    expect(subscriber.received).toEqual(['before', 'after']);
    expect(subscriber.changes).toEqual(['interrupted', 'restored']);
  });

  test('removes the expiry of keys for a history that does not expire', async () => {
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    onTestFinished(() => client.destroy());
    const expiries: number[][] = [];
    // The last one is longer than Redis can represent.
    for (const milliseconds of [60_000, Infinity, 1, Number.MAX_VALUE]) {
      const broker = await connect({ history: { milliseconds }, prefix: 'expiry:' });
      await broker.publish('news', new Uint8Array(1));
      expiries.push(
        await Promise.all(['position', 'stream'].map((kind) => client.pTTL(`expiry:${kind}:news`))),
      );
      await broker.close();
    }
    expect(expiries.map((each) => each.map((expiry) => expiry !== -1))).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
    ]);
  });

  test('keeps the position of a topic for longer than its messages', async () => {
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    // Redis accepts only integers.
    const broker = await connect({ history: { milliseconds: 60_000.5 }, prefix: 'longer:' });
    onTestFinished(async () => {
      client.destroy();
      await broker.close();
    });
    await broker.publish('news', new Uint8Array(1));
    expect(await client.pTTL('longer:stream:news')).toBeLessThanOrEqual(60_001);
    expect(await client.pTTL('longer:position:news')).toBeGreaterThan(60_001);
  });

  test('can wait for answers without a limit', async () => {
    const broker = await connect({ timeout: Infinity });
    await broker.publish('news', new Uint8Array(1));
    await broker.close();
  });

  test.each<RedisBrokerOptions>([{}, { history: true }])(
    'keeps topics of different prefixes apart, even if a prefix and a topic look like parts of a name, with %j',
    async (options) => {
      const parts = ['', 'messages:', 'positions:', 'position:', 'stream:', 'messages=', 'stream='];
      const topics = [...parts.map((part) => `${part}b`), ...parts.map((part) => `${part}62006200`)];
      const brokers = await Promise.all(parts.map((part) => connect({ ...options, prefix: `a:${part}` })));
      const received = brokers.map((broker) => {
        const texts: string[] = [];
        broker.listen({
          message: (topic, data) => texts.push(`${topic} ${Buffer.from(data).toString()}`),
          interrupted: () => {},
          restored: () => {},
        });
        return texts;
      });
      for (const broker of brokers) for (const topic of [...topics, 'end']) await broker.subscribe(topic);
      for (const [index, broker] of brokers.entries())
        for (const topic of topics) await broker.publish(topic, Buffer.from(String(index)));
      for (const [index, broker] of brokers.entries()) {
        await broker.publish('end', Buffer.from(String(index)));
        while (received[index]!.at(-1) !== `end ${index}`) await turn();
        expect(received[index]).toEqual([...topics, 'end'].map((topic) => `${topic} ${index}`));
        await broker.close();
      }
    },
  );

  test.each<RedisBrokerOptions>([{}, { history: true }])(
    'sends the messages that a turn publishes to a topic as one command, within limits, with %j',
    async (options) => {
      const client = createClient({ socket: { port: engine.port } });
      await client.connect();
      const broker = await connect(options);
      onTestFinished(async () => {
        client.destroy();
        await broker.close();
      });
      const received: string[] = [];
      broker.listen({
        message: (_topic, data) => received.push(Buffer.from(data).toString()),
        interrupted: () => {},
        restored: () => {},
      });
      await broker.subscribe('one');
      await client.configResetStat();
      const texts = Array.from({ length: 300 }, (_, id) => `message ${id}`);
      const published = texts.map((text) => broker.publish('one', Buffer.from(text)));
      published.push(broker.publish('other', Buffer.alloc(70_000)), broker.publish('other', Buffer.alloc(1)));
      const positions = (await Promise.all(published)).slice(0, texts.length);
      while (received.length < texts.length) await turn();
      expect(received).toEqual(texts);
      if (options.history !== undefined) {
        const first = positions[0]!.offset;
        expect(positions.map((position) => position!.offset)).toEqual(texts.map((_, id) => first + id));
      }
      // Two of the first topic, because it has more than 256 messages, and two of the other, whose first message fills a batch.
      const stats = await client.info('commandstats');
      const command = options.history === undefined ? 'spublish' : 'evalsha';
      expect(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1]).toBe('4');
    },
  );

  test('sends a subscriber what its server publishes before Redis has confirmed the subscription', async () => {
    const topics = new Topics({ broker: await connect({ history: true }) });
    onTestFinished(() => topics.close());
    const received: unknown[] = [];
    const send = (message: unknown): number => received.push(message);
    // Only the parts of a connection that topics use.
    const ws = { readyState: 1, send, on: () => {}, off: () => {} } as unknown as TopicConnection;
    const subscribed = topics.subscribe(ws, 'at once');
    await topics.publish('at once', 'hello');
    await subscribed;
    while (received.length < 1) await turn();
  });

  test('returns what was published earlier in the same turn', async () => {
    const broker = await connect({ history: true });
    const start = (await broker.subscribe('same turn'))!;
    void broker.publish('same turn', Buffer.from('first'));
    const found = broker.history('same turn', start);
    void broker.publish('same turn', Buffer.from('second'));
    expect((await found).messages?.map(({ data }) => Buffer.from(data).toString())).toEqual(['first']);
    await broker.close();
  });

  const packed = ['', 'x', '\0\0\0', '\0\0\0\x05four', '\0\0\0\x03one\xff\xff\xff\xffx'];
  test.each([
    ['without a history', {}, 'messages', packed, ['one', 'end']],
    [
      'with a history',
      { history: true },
      'positions',
      [...packed, 'a:b', ':1:', 'a:0:', 'a:1b:', 'a:1', 'a:1:', 'a:1:\0\0\0\x01x'],
      ['end'],
    ],
  ])('ignores bytes that no broker published, %s', async (_how, options, channel, foreign, expected) => {
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    const broker = await connect(options);
    const received: string[] = [];
    broker.listen({
      message: (_topic, data) => received.push(Buffer.from(data).toString()),
      interrupted: (error) => received.push(error.message),
      restored: () => {},
    });
    await broker.subscribe('news');
    for (const bytes of foreign)
      await client.sPublish(`framewire:${channel}:news`, Buffer.from(bytes, 'latin1'));
    await broker.publish('news', Buffer.from('end'));
    while (received.at(-1) !== 'end') await turn();
    expect(received).toEqual(expected);
    await broker.close();
    client.destroy();
  });

  test('handles more calls at once than the client of the program lets wait', async () => {
    const client = createClient({ socket: { port: engine.port }, commandsQueueMaxLength: 1 });
    const broker = await connectToRedis(client, { history: true, timeout: PATIENCE });
    const calls = Array.from({ length: 20 }, (_, id) => broker.subscribe(`many ${id}`));
    expect(await Promise.all(calls)).toHaveLength(20);
    await broker.close();
  });

  test('uses only channels and keys with its prefix', async () => {
    const [one, other] = await Promise.all(['a:', 'b:'].map((prefix) => connect({ prefix, history: true })));
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    await client.flushAll();
    const received: string[] = [];
    other!.listen({ message: () => received.push('other'), interrupted: () => {}, restored: () => {} });
    one!.listen({ message: () => received.push('one'), interrupted: () => {}, restored: () => {} });
    await Promise.all([one!.subscribe('news'), other!.subscribe('news')]);
    await one!.publish('news', new Uint8Array(1));
    while (received.length === 0) await turn();
    expect(received).toEqual(['one']);
    expect((await client.keys('*')).toSorted()).toEqual([
      'a:position:news',
      'a:stream:news',
      'b:position:news',
    ]);
    for (const broker of [one!, other!]) await broker.close();
    client.destroy();
  });
});
