// Brokers on a Redis that the tests start, kill and restart.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connectToRedis, type RedisBrokerOptions } from '@framewire/redis';
import { requirement, startRedis, type Engine } from '@framewire/testing';
import { Topics, type Broker, type TopicConnection } from '@framewire/topics';
import { brokerContract } from '@framewire/topics/contract';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

describe.skipIf(requirement('redis').missing)('A broker on Redis', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startRedis();
  });
  afterAll(() => engine.stop());

  const connect = (options: RedisBrokerOptions = {}): Promise<Broker> =>
    connectToRedis(createClient({ socket: { port: engine.port } }), options);

  describe.each<[string, RedisBrokerOptions]>([
    ['without history', {}],
    ['with history', { history: { messages: 50 } }],
  ])('%s', (_how, options) => {
    const harness = {
      connect: () => connect(options),
      interrupt: () => engine.kill(),
      restore: () => engine.restart(),
      hasHistory: options.history !== undefined,
      // Streams are trimmed by whole nodes of 100 messages.
      overflow: 300,
    };
    for (const { title, run } of brokerContract(harness)) test(title, run);
  });

  test('reports when Redis stops answering, and when it answers again', async () => {
    const broker = await connect({ timeout: 500 });
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
    while (missed.length === 0) await turn();
    topics.unsubscribe(ws, 'lost');
    expect(await topics.subscribe(ws, 'lost', { since })).toEqual({ recovered: false, position });
    expect(missed).toEqual(['lost']);
    await topics.publish('lost', 'three');
    while (received.length < 2) await turn();
  });

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
      const command = options.history === undefined ? 'spublish' : 'eval';
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

  test('ignores bytes that no broker published', async () => {
    const client = createClient({ socket: { port: engine.port } });
    await client.connect();
    const broker = await connect();
    const received: string[] = [];
    broker.listen({
      message: (_topic, data) => received.push(Buffer.from(data).toString()),
      interrupted: () => {},
      restored: () => {},
    });
    await broker.subscribe('news');
    for (const bytes of ['', 'x', '\0\0\0', '\0\0\0\x05four', '\0\0\0\x03one\xff\xff\xff\xffx']) {
      await client.sPublish('framewire:messages:news', Buffer.from(bytes, 'latin1'));
    }
    await broker.publish('news', Buffer.from('end'));
    while (received.at(-1) !== 'end') await turn();
    expect(received).toEqual(['one', 'end']);
    await broker.close();
    client.destroy();
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

test('connectToRedis() rejects if there is no Redis', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
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

test.each([
  { timeout: 0 },
  { history: { messages: 0 } },
  { history: { milliseconds: -1 } },
  { prefix: '\ud800' },
])('connectToRedis() rejects %j', async (options) => {
  await expect(connectToRedis(createClient(), options)).rejects.toThrow(RangeError);
});
