// Brokers on a NATS that the tests start, kill and restart.
import { Buffer } from 'node:buffer';
import { hasSubscribers } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { connectToNats, type NatsBrokerOptions } from '@framewire/nats';
import { requirement, startNats, testCertificate, type Engine } from '@framewire/testing';
import { Topics, type Broker, type Position, type TopicConnection } from '@framewire/topics';
import { brokerContract } from '@framewire/topics/contract';
import { connect as connectClient, headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { interpose } from './support/interposed.ts';

/** A client without a name may do everything. Each of the others lacks a permission. */
const USERS = `
no_auth_user: everything
authorization {
  users: [
    { user: everything, password: secret }
    { user: reader, password: secret, permissions: { publish: { deny: ["framewire.>", "$JS.>"] } } }
    { user: writer, password: secret, permissions: { subscribe: { deny: "framewire.>" } } }
    { user: limited, password: secret, permissions: { subscribe: { deny: "framewire.messages.secret" } } }
  ]
}`;

describe.skipIf(requirement('nats').missing)('A broker on NATS', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats(USERS);
  });
  afterAll(() => engine.stop());

  const servers = (): { readonly servers: string } => ({ servers: `127.0.0.1:${engine.port}` });

  async function connect(options: NatsBrokerOptions = {}): Promise<Broker> {
    return connectToNats(servers(), options);
  }

  /** A broker that is closed when the test ends. */
  async function broker(options: NatsBrokerOptions = {}): Promise<Broker> {
    const made = await connect(options);
    onTestFinished(() => made.close());
    return made;
  }

  describe.each<[string, NatsBrokerOptions]>([
    ['without history', {}],
    ['with history', { history: { messages: 20 } }],
    [
      'with a history that does not expire',
      { history: { messages: 20, milliseconds: Infinity }, prefix: 'kept' },
    ],
  ])('%s', (_how, options) => {
    const harness = {
      connect: () => connect(options),
      interrupt: () => engine.kill(),
      restore: () => engine.restart(),
      hasHistory: options.history !== undefined,
      overflow: 25,
    };
    for (const { title, run } of brokerContract(harness)) test(title, run);
  });

  test.each([{}, { history: true, prefix: 'frozen' }])(
    'reports when NATS stops answering, and when it answers again, with %j',
    async (options) => {
      const { listener, changes, interrupted } = watching();
      const one = await broker({ timeout: 100, ...options });
      one.listen(listener);
      engine.freeze();
      onTestFinished(() => engine.thaw());
      // Some of its threads may still answer.
      let answers: PromiseSettledResult<unknown>[];
      do {
        // Rejects before NATS answers.
        one.publish('news', new Uint8Array(2 ** 20 + 1)).catch(() => {});
        const calls = [
          one.publish('news', new Uint8Array(1)),
          one.subscribe('news'),
          one.unsubscribe('news'),
        ];
        answers = await Promise.allSettled(calls);
      } while (answers.some(({ status }) => status === 'fulfilled'));
      for (const answer of answers) {
        expect(answer).toMatchObject({ reason: { code: 'WS_ERR_BROKER_UNREACHABLE' } });
      }
      await interrupted;
      engine.thaw();
      while (changes.length < 2) await turn();
      expect(changes).toEqual(['interrupted', 'restored']);
      await one.publish('news', new Uint8Array(1));
    },
  );

  // On a slow machine, thousands of messages are published in this time.
  test.each([{}, { history: { messages: 1e6 }, prefix: 'killed' }])(
    'rejects the messages that it cannot confirm when NATS is killed, and keeps those that it confirmed, with %j',
    async (options) => {
      const { listener, changes } = watching();
      const one = await broker(options);
      one.listen(listener);
      const start = await one.subscribe('news');
      const confirmed: number[] = [];
      let number = 0;
      const publishing = new Set<Promise<unknown>>();
      const publishSome = (): void => {
        for (let count = 0; count < 10; count++) {
          const id = ++number;
          const published = one.publish('news', Buffer.from(String(id))).then(
            () => confirmed.push(id),
            (error: unknown) => expect(error).toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' }),
          );
          publishing.add(published);
        }
      };
      while (confirmed.length < 100) {
        publishSome();
        await turn();
      }
      const killed = engine.kill();
      while (changes.length === 0) {
        publishSome();
        await turn();
      }
      publishSome();
      await killed;
      await engine.restart();
      while (changes.length === 1) await turn();
      await Promise.all(publishing);
      if (start === undefined) return;
      const { messages } = await one.history('news', start);
      const kept = messages!.map(({ data }) => Number(Buffer.from(data).toString()));
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
      expect(kept).toEqual(expect.arrayContaining(confirmed));
    },
  );

  test('rejects each subscription that NATS refuses, and stays connected', async () => {
    const one = await connectToNats({ ...servers(), user: 'limited', pass: 'secret' });
    onTestFinished(() => one.close());
    const { listener, changes, received } = watching();
    one.listen(listener);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(one.subscribe('secret')).rejects.toThrow('Permissions Violation');
    }
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    while (received.length < 1) await turn();
    expect(changes).toEqual([]);
  });

  test('receives its own messages whatever the options of the client say', async () => {
    const one = await connectToNats({ ...servers(), noEcho: true });
    onTestFinished(() => one.close());
    const { listener, received } = watching();
    one.listen(listener);
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    while (received.length < 1) await turn();
  });

  test('leaves no connection open to a server that has not answered before another did', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const both = { servers: [`127.0.0.1:${port}`, servers().servers], noRandomize: true };
    const one = await connectToNats(both, { timeout: 500 });
    onTestFinished(() => one.close());
    silent.close();
    await once(silent, 'close');
    await one.publish('news', new Uint8Array(1));
    expect(hasSubscribers('net.client.socket')).toBe(false);
  });

  test('leaves no TLS connection open to a server that has not answered before another did, and keeps its own', async () => {
    const certificate = await testCertificate();
    const silent = createTlsServer(certificate, (socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { port: secured } = await interpose(engine.port, certificate);
    const one = await connectToNats(
      {
        servers: [`127.0.0.1:${port}`, `127.0.0.1:${secured}`],
        noRandomize: true,
        tls: { handshakeFirst: true, ca: certificate.cert },
      },
      { timeout: 500 },
    );
    onTestFinished(() => one.close());
    const { listener, changes } = watching();
    one.listen(listener);
    silent.close();
    await once(silent, 'close');
    await one.publish('news', new Uint8Array(1));
    expect(changes).toEqual([]);
  });

  test('keeps the sockets that an authenticator opens, and its own connection', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const opened: Socket[] = [];
    const authenticator = (): void => {
      opened.push(connectSocket(port, '127.0.0.1'));
    };
    const broker = await connectToNats({ ...servers(), authenticator }, { timeout: 500 });
    onTestFinished(async () => {
      await broker.close();
      for (const socket of opened) socket.destroy();
      server.close();
    });
    await broker.publish('news', new Uint8Array(1));
    expect(opened.map(({ destroyed }) => destroyed)).toEqual(opened.map(() => false));
    expect(opened).not.toHaveLength(0);
  });

  test('keeps its session when messages of a topic overtake each other', async () => {
    const broker = await connect({ history: true, prefix: 'overtaken' });
    const client = await connectClient(servers());
    const offsets: number[] = [];
    const interruptions: unknown[] = [];
    onTestFinished(async () => {
      await client.close();
      await broker.close();
    });
    broker.listen({
      message: (_topic, _data, position) => offsets.push(position!.offset),
      interrupted: (error) => interruptions.push(error),
      restored: () => undefined,
    });
    await broker.subscribe('news');
    await broker.publish('news', Buffer.from('one'));
    const { offset } = (await broker.publish('news', Buffer.from('two')))!;
    while (offsets.length < 2) await turn();
    // As if NATS published the first message again only now.
    const late = headers();
    late.set('Nats-Sequence', String(offset - 1));
    late.set('Nats-Last-Sequence', '0');
    client.publish('overtaken.live.news', 'one', { headers: late });
    await client.flush();
    const next = (await broker.publish('news', Buffer.from('three')))!;
    while (offsets.length < 3) await turn();
    expect(offsets).toEqual([offset - 1, offset, next.offset]);
    expect(interruptions).toEqual([]);
  });

  test('does not let clients recover when the stream has been removed', async () => {
    const missed: string[] = [];
    const topics = new Topics({
      broker: await connect({ history: true, prefix: 'removed' }),
      onMissed: (topic) => missed.push(topic),
    });
    const client = await connectClient(servers());
    onTestFinished(async () => {
      await client.close();
      await topics.close();
    });
    const { ws, received } = connection();
    await topics.subscribe(ws, 'lost');
    const since = (await topics.publish('lost', 'one'))!;
    await client.request('$JS.API.STREAM.DELETE.removed');
    await expect(topics.publish('lost', 'two')).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    while (missed.length === 0) await turn();
    const position = (await topics.publish('lost', 'three'))!;
    expect(position.epoch).not.toBe(since.epoch);
    while (received.length < 2) await turn();
    topics.unsubscribe(ws, 'lost');
    expect(await topics.subscribe(ws, 'lost', { since })).toEqual({ recovered: false, position });
    expect(missed).toEqual(['lost']);
  });

  test('starts a new epoch when another broker has recreated the stream', async () => {
    const { listener, changes } = watching();
    const one = await broker({ history: true, prefix: 'anew' });
    one.listen(listener);
    const since = (await one.publish('news', new Uint8Array(1))) as Position;
    const client = await connectClient(servers());
    onTestFinished(() => client.close());
    await client.request('$JS.API.STREAM.DELETE.anew');
    const other = await broker({ history: true, prefix: 'anew' });
    await other.publish('news', new Uint8Array(1));
    await expect(one.history('news', since)).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    while (changes.length < 2) await turn();
    expect(await one.history('news', since)).toMatchObject({ messages: undefined });
  });

  test('reports an interruption when a message comes from a stream that another broker has recreated', async () => {
    const options = { history: true, prefix: 'other' };
    const { listener, changes, received } = watching();
    const one = await broker(options);
    one.listen(listener);
    for (let count = 0; count < 3; count++) await one.publish('news', new Uint8Array(1));
    await one.subscribe('news');
    const client = await connectClient(servers());
    onTestFinished(() => client.close());
    // As if NATS published the first message again only now. The stream is still the same.
    const late = headers();
    late.set('Nats-Sequence', '1');
    late.set('Nats-Last-Sequence', '0');
    client.publish('other.live.news', 'late', { headers: late });
    while (received.length < 1) await turn();
    await one.subscribe('news');
    expect(changes).toEqual([]);
    await client.request('$JS.API.STREAM.DELETE.other');
    const other = await broker(options);
    await other.publish('news', new Uint8Array(1));
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
    await one.subscribe('news');
    const position = (await other.publish('news', new Uint8Array(1)))!;
    while (received.length < 2) await turn();
    expect(await one.publish('news', new Uint8Array(1))).toEqual({
      ...position,
      offset: position.offset + 1,
    });
  });

  test('rejects a message for a stream that another broker has recreated', async () => {
    const options = { history: true, prefix: 'foreign' };
    const first = await broker(options);
    for (let count = 0; count < 3; count++) await first.publish('news', new Uint8Array(1));
    const one = await broker(options);
    const client = await connectClient(servers());
    onTestFinished(() => client.close());
    await client.request('$JS.API.STREAM.DELETE.foreign');
    await broker(options);
    await expect(one.publish('news', new Uint8Array(1))).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
  });

  test('returns no history after a message whose successors have expired, and an empty one after the newest message', async () => {
    const one = await broker({ history: { milliseconds: 100 }, prefix: 'expiring' });
    const first = (await one.publish('news', new Uint8Array(1))) as Position;
    await one.publish('news', new Uint8Array(1));
    while ((await one.history('news', first)).messages !== undefined) await turn();
    const newest = (await one.subscribe('news')) as Position;
    expect(await one.history('news', newest)).toEqual({ position: newest, messages: [] });
  });

  test('can wait for answers without a limit, and keep messages for longer than NATS can represent', async () => {
    const one = await broker({ timeout: Infinity, history: { milliseconds: 1e15 }, prefix: 'unlimited' });
    await one.publish('news', new Uint8Array(1));
  });

  test('keeps the limits of an existing stream', async () => {
    const few = await broker({ history: { messages: 2 }, prefix: 'limits' });
    const many = await broker({ history: { messages: 1000 }, prefix: 'limits' });
    const first = (await many.publish('news', Buffer.from('1'))) as Position;
    for (const text of ['2', '3', '4']) await many.publish('news', Buffer.from(text));
    expect((await few.history('news', first)).messages).toBeUndefined();
    expect((await many.history('news', { ...first, offset: first.offset + 1 })).messages).toHaveLength(2);
  });

  test('does not use a stream that has other subjects', async () => {
    const client = await connectClient(servers());
    onTestFinished(() => client.close());
    await client.request(
      '$JS.API.STREAM.CREATE.taken',
      JSON.stringify({ name: 'taken', subjects: ['taken'] }),
    );
    await expect(connect({ history: true, prefix: 'taken' })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: { message: expect.stringContaining('"taken"') as string },
    });
  });

  test('rejects a message that is too long for NATS, and carries the next one', async () => {
    for (const options of [{}, { history: true }]) {
      const { listener, received } = watching();
      const one = await broker({ ...options, prefix: 'long' });
      one.listen(listener);
      await one.subscribe('news');
      await expect(one.publish('news', new Uint8Array(2 ** 20 + 1))).rejects.toThrow('max_payload');
      await one.publish('news', new Uint8Array(1));
      while (received.length < 1) await turn();
    }
  });

  test('carries only messages of its prefix and kind of history', async () => {
    const kinds = [{ prefix: 'a' }, { prefix: 'b' }, { prefix: 'a', history: true }];
    const brokers = await Promise.all(kinds.map((options) => broker(options)));
    const watched = brokers.map((one) => {
      const { listener, received } = watching();
      one.listen(listener);
      return received;
    });
    for (const one of brokers) await one.subscribe('news');
    for (const one of brokers) await one.publish('news', new Uint8Array(1));
    while (watched.some(({ length }) => length === 0)) await turn();
    expect(watched).toEqual([['news'], ['news'], ['news']]);
  });

  test('continues when its listener throws', async () => {
    const one = await broker();
    const thrown: unknown[] = [];
    const catching = (error: unknown): void => void thrown.push(error);
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', catching);
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    const error = new Error('of the listener');
    const message = (): void => {
      throw error;
    };
    one.listen({ message, interrupted: () => {}, restored: () => {} });
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    await one.publish('news', new Uint8Array(1));
    while (thrown.length < 2) await turn();
    expect(thrown).toEqual([error, error]);
  });

  test.each([
    ['reader', {}],
    ['reader', { history: true }],
    ['writer', {}],
    ['writer', { history: true }],
  ])(
    'connectToNats() rejects for a %s, which lacks a permission that topics need, with %j',
    async (user, options) => {
      await expect(connectToNats({ ...servers(), user, pass: 'secret' }, options)).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
    },
  );
});

test('connectToNats() rejects if there is no NATS', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  // These options of the client have no effect.
  const reconnecting = { reconnect: true, waitOnFirstConnect: true };
  await expect(connectToNats({ port, ...reconnecting })).rejects.toMatchObject({
    code: 'WS_ERR_BROKER_UNREACHABLE',
  });
});

test.each([
  ['of TCP', false, false],
  ['of TCP when a TLS handshake is due', false, true],
  ['of TLS', true, true],
])(
  'connectToNats() rejects if a server accepts connections %s and does not answer',
  async (_how, isTls, handshakeFirst) => {
    const certificate = await testCertificate();
    const sockets: Socket[] = [];
    const silent = (socket: Socket): void => void sockets.push(socket.resume());
    const server = isTls ? createTlsServer(certificate, silent) : createServer(silent);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const tls = handshakeFirst ? { tls: { handshakeFirst, ca: certificate.cert } } : {};
    await expect(connectToNats({ port, ...tls }, { timeout: 100 })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    expect(sockets).toHaveLength(1);
    // Nothing is left open.
    server.close();
    await once(server, 'close');
  },
);

test.each([
  { timeout: 0 },
  { timeout: Number.NaN },
  { history: { messages: 0 } },
  { history: { milliseconds: 99 } },
  { history: { replicas: 0.5 } },
  { history: { replicas: Number.NaN } },
  { prefix: '' },
  { prefix: 'a.b' },
])('connectToNats() rejects %j', async (options) => {
  await expect(connectToNats({}, options)).rejects.toThrow(RangeError);
});

/** Returns a listener of a broker, and its calls. */
function watching() {
  const received: string[] = [];
  const changes: string[] = [];
  let resolve = (): void => {};
  const interrupted = new Promise<void>((resolver) => {
    resolve = resolver;
  });
  const listener = {
    message: (topic: string) => void received.push(topic),
    interrupted: () => {
      changes.push('interrupted');
      resolve();
    },
    restored: () => void changes.push('restored'),
  };
  return { listener, received, changes, interrupted };
}

/** Only the parts of a connection that topics use. */
function connection() {
  const received: unknown[] = [];
  const ws = {
    readyState: 1,
    send: (message: unknown) => received.push(message),
    on: () => {},
    off: () => {},
  } as unknown as TopicConnection;
  return { ws, received };
}
