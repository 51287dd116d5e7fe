// How a broker on NATS reads a history while the stream changes, or NATS does not answer.
import { Buffer } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { connectToNats, type NatsBrokerOptions } from '@framewire/nats';
import { requirement, startNats, type Engine } from '@framewire/testing';
import type { Broker, Position } from '@framewire/topics';
import { connect as connectClient, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { interpose, type Interposed } from './support/interposed.ts';
import { PATIENCE } from './support/nats.ts';

/** A user with the permissions that the README names, for the prefix `allowed`. A client without a name may do everything. */
const USERS = `
no_auth_user: everything
authorization {
  users: [
    { user: everything, password: secret }
    {
      user: allowed
      password: secret
      permissions: {
        publish: ["allowed.>", "$JS.API.STREAM.*.allowed", "$JS.API.STREAM.MSG.GET.allowed",
          "$JS.API.CONSUMER.CREATE.allowed", "$JS.API.CONSUMER.MSG.NEXT.allowed.*", "$JS.API.CONSUMER.DELETE.allowed.*"]
        subscribe: ["allowed.>", "_INBOX.>"]
      }
    }
    {
      user: forbidden
      password: secret
      permissions: { publish: { deny: ["$JS.API.CONSUMER.MSG.>", "forbidden.stored.secret"] } }
    }
  ]
}`;

describe.skipIf(requirement('nats').missing)('A broker on NATS', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startNats(USERS);
  });
  afterAll(() => engine.stop());

  /** A broker that reaches NATS through a server that can hold or change its requests, and a client that reaches NATS directly. */
  interface Parts {
    readonly broker: Broker;
    readonly changes: string[];
    readonly interposed: Interposed;
    readonly client: NatsConnection;
    /** Answers the next request that contains a text. NATS does not receive it. */
    answerNext(request: string, answer: object): void;
    /** Publishes messages one after the other. Resolves to their positions. */
    publish(topic: string, ...texts: string[]): Promise<Position[]>;
    /** Resolves once the stream has no consumer. */
    consumersRemoved(): Promise<void>;
  }

  async function parts(prefix: string, options: NatsBrokerOptions = {}, user?: string): Promise<Parts> {
    const interposed = await interpose(engine.port);
    const account = user === undefined ? {} : { user, pass: 'secret' };
    const broker = await connectToNats(
      { servers: `127.0.0.1:${interposed.port}`, ...account },
      { history: true, prefix, timeout: PATIENCE, ...options },
    );
    const client = await connectClient({ servers: `127.0.0.1:${engine.port}` });
    onTestFinished(async () => {
      await broker.close();
      await client.close();
    });
    const changes: string[] = [];
    broker.listen({
      message: () => {},
      interrupted: () => changes.push('interrupted'),
      restored: () => changes.push('restored'),
    });
    return {
      broker,
      changes,
      interposed,
      client,
      answerNext(request, answer) {
        interposed.beforeNext(request, (bytes) => {
          const [inbox] = /_INBOX[.\w]+/.exec(bytes.toString()) as RegExpExecArray;
          client.publish(inbox, JSON.stringify(answer));
          return Promise.resolve('');
        });
      },
      async publish(topic, ...texts) {
        const positions: Position[] = [];
        for (const text of texts)
          positions.push((await broker.publish(topic, Buffer.from(text))) as Position);
        return positions;
      },
      async consumersRemoved() {
        // NATS itself removes an unused consumer, but later than this.
        const end = Date.now() + 10_000;
        for (;;) {
          const info = await client.request(`$JS.API.STREAM.INFO.${prefix}`);
          if (info.json<{ state: { consumer_count: number } }>().state.consumer_count === 0) return;
          if (Date.now() > end) throw new Error('The stream still has a consumer');
        }
      },
    };
  }

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, id) => `message ${id}`);

  async function textsSince(broker: Broker, topic: string, since: Position): Promise<string[] | undefined> {
    const { messages } = await broker.history(topic, since);
    return messages?.map(({ data }) => Buffer.from(data).toString());
  }

  test('returns a long history of short and long messages, and leaves no consumer', async () => {
    const { broker, publish, consumersRemoved } = await parts('lengthy');
    const texts = [
      ...numbered(300),
      'x'.repeat(700_000),
      '',
      'y'.repeat(300_000),
      'z'.repeat(300_000),
      ...numbered(300),
    ];
    const [first] = await publish('news', 'first');
    const positions: Position[] = [];
    for (const text of texts) {
      await publish('of others', 'other');
      positions.push(...(await publish('news', text)));
    }
    const { position, messages } = await broker.history('news', first!);
    expect(messages!.map(({ data }) => Buffer.from(data).toString())).toEqual(texts);
    expect(messages!.map(({ offset }) => offset)).toEqual(positions.map(({ offset }) => offset));
    expect(position).toEqual(positions.at(-1));
    await consumersRemoved();
  });

  test('returns the whole history with a time limit that is not a whole number', async () => {
    const { broker, publish } = await parts('fraction', { timeout: 1000 / 3 });
    const [first] = await publish('news', 'first');
    await publish('news', ...numbered(30));
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(30));
  });

  test('reaches the newest position of the stream, so that clients which have missed nothing recover', async () => {
    const { broker, publish } = await parts('ahead');
    const [first] = await publish('news', 'first');
    await publish('of others', ...numbered(3));
    const ahead = (await broker.subscribe('news'))!;
    const { position, messages } = await broker.history('news', first!);
    expect(position).toEqual(ahead);
    expect(messages).toEqual([]);
  });

  test('has everything after a position between two messages of a full topic', async () => {
    const { broker, publish } = await parts('between', { history: { messages: 3 } });
    await publish('news', ...numbered(5));
    const between = (await publish('of others', 'other'))[0]!;
    await publish('news', 'next');
    expect(await textsSince(broker, 'news', between)).toEqual(['next']);
  });

  test.each([0, 1, 3, 4, 5, 6, 255, 256, 257, 260, 261, 512, 516, 517])(
    'returns a history of %d messages',
    async (count) => {
      const { broker, publish } = await parts(`count-${count}`);
      const [first] = await publish('news', 'first');
      await publish('news', ...numbered(count));
      await publish('of others', 'other');
      expect(await textsSince(broker, 'news', first!)).toEqual(numbered(count));
    },
  );

  test('reads many histories with few consumers at a time', async () => {
    const { broker, client, publish, consumersRemoved } = await parts('many');
    let consumers = 0;
    let most = 0;
    let created = 0;
    client.subscribe('$JS.API.CONSUMER.CREATE.many', {
      callback: () => {
        created++;
        most = Math.max(most, ++consumers);
      },
    });
    client.subscribe('$JS.API.CONSUMER.DELETE.many.*', {
      callback: () => {
        consumers--;
      },
    });
    const topics = Array.from({ length: 50 }, (_, id) => `topic ${id}`);
    const starts = await Promise.all(
      topics.map(async (topic) => (await publish(topic, 'first', ...numbered(10)))[0]!),
    );
    const found = await Promise.all(topics.map((topic, index) => textsSince(broker, topic, starts[index]!)));
    expect(found).toEqual(topics.map(() => numbered(10)));
    await consumersRemoved();
    await client.flush();
    expect([created, consumers]).toEqual([50, 0]);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('needs only the permissions that the README names', async () => {
    const { broker, publish, consumersRemoved } = await parts('allowed', {}, 'allowed');
    const start = (await broker.subscribe('news')) as Position;
    await publish('news', ...numbered(10));
    expect(await textsSince(broker, 'news', start)).toEqual(numbered(10));
    await consumersRemoved();
  });

  test('rejects and stays connected if the user may not read a consumer, or publish to a topic', async () => {
    const { broker, changes, publish, consumersRemoved } = await parts('forbidden', {}, 'forbidden');
    const [first] = await publish('news', 'first', ...numbered(10));
    await expect(broker.history('news', first!)).rejects.toThrow('Permissions Violation');
    await consumersRemoved();
    await expect(publish('secret', 'text')).rejects.toThrow('Permissions Violation');
    await publish('news', 'after');
    expect(changes).toEqual([]);
  });

  test.each([
    ['a series of requests', 'MSG.GET', 3],
    ['a consumer', 'MSG.NEXT', 30],
  ])('returns no messages if the stream removes some while %s reads them', async (_how, request, count) => {
    const { broker, client, interposed, publish, consumersRemoved } = await parts(`trimmed-${count}`, {
      history: { messages: count },
    });
    const [first] = await publish('news', 'first', ...numbered(count));
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(count));
    await consumersRemoved();
    const publishMore = (): Promise<unknown> => client.request(`trimmed-${count}.stored.news`, 'more');
    interposed.beforeNext(request, publishMore);
    expect(await textsSince(broker, 'news', first!)).toBeUndefined();
    await consumersRemoved();
  });

  test.each([
    ['a series of requests', 'next_by_subj', 3],
    ['a consumer', 'MSG.NEXT', 30],
  ])('returns no messages if the stream is purged while %s reads them', async (_how, request, count) => {
    const prefix = `purged-${count}`;
    const { broker, client, interposed, publish, consumersRemoved } = await parts(prefix, { timeout: 800 });
    const start = (await broker.subscribe('news')) as Position;
    const [first] = await publish('news', ...numbered(count));
    for (const since of [start, first!]) {
      interposed.beforeNext(request, () => client.request(`$JS.API.STREAM.PURGE.${prefix}`));
      expect(await textsSince(broker, 'news', since)).toBeUndefined();
      await publish('news', ...numbered(count));
    }
    await consumersRemoved();
  });

  test.each([
    ['a series of requests', 'next_by_subj', 3],
    ['a consumer', 'CONSUMER.CREATE', 30],
    ['a consumer', 'MSG.NEXT', 30],
    ['a consumer', 'next_by_subj', 30],
    ['a consumer', 'STREAM.INFO', 30],
  ])(
    'starts a new epoch if the stream is recreated while %s reads it, before %s',
    async (_how, request, count) => {
      const prefix = `recreated-${count}-${request.replace('.', '-')}`;
      const { broker, changes, client, interposed, publish } = await parts(prefix, { timeout: 800 });
      const [first] = await publish('news', 'first', ...numbered(count));
      interposed.beforeNext(request, async () => {
        await client.request(`$JS.API.STREAM.DELETE.${prefix}`);
        const other = await connectToNats({ servers: `127.0.0.1:${engine.port}` }, { history: true, prefix });
        for (const text of ['first', ...numbered(count)]) await other.publish('news', Buffer.from(text));
        await other.close();
      });
      await expect(broker.history('news', first!)).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
      while (changes.length < 2) await turn();
      expect(changes).toEqual(['interrupted', 'restored']);
      expect(await textsSince(broker, 'news', first!)).toBeUndefined();
    },
  );

  test.each([
    ['a series of requests', 'next_by_subj', 3],
    ['a consumer', 'MSG.NEXT', 30],
  ])(
    'returns no message after its position if the last one is deleted while %s reads',
    async (_how, request, count) => {
      const prefix = `deleted-${count}`;
      const { broker, client, interposed, publish } = await parts(prefix);
      const [first] = await publish('news', 'first', ...numbered(count));
      interposed.beforeNext(request, async () => {
        await client.request(`$JS.API.STREAM.MSG.DELETE.${prefix}`, JSON.stringify({ seq: count + 1 }));
        await client.request(`${prefix}.stored.news`, 'later');
      });
      const { position, messages } = await broker.history('news', first!);
      expect(position.offset).toBe(count + 1);
      expect(messages!.map(({ offset }) => offset)).toEqual(numbered(count - 1).map((_, index) => index + 2));
    },
  );

  test.each([
    ['a series of requests', 'next_by_subj', 3],
    ['a consumer', 'CONSUMER.CREATE', 30],
    ['a consumer', 'MSG.NEXT', 30],
  ])(
    'starts a new epoch if the stream is removed while %s reads it, before %s',
    async (_how, request, count) => {
      const prefix = `gone-${count}-${request.replace('.', '-')}`;
      const { broker, changes, client, interposed, publish } = await parts(prefix, { timeout: 800 });
      const [first] = await publish('news', 'first', ...numbered(count));
      interposed.beforeNext(request, () => client.request(`$JS.API.STREAM.DELETE.${prefix}`));
      await expect(broker.history('news', first!)).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
      while (changes.length < 2) await turn();
      expect(await textsSince(broker, 'news', first!)).toBeUndefined();
    },
  );

  test('leaves out what a consumer delivers from before the start of the range', async () => {
    const { broker, changes, interposed, publish } = await parts('early');
    const [first] = await publish('news', 'first', ...numbered(30));
    interposed.beforeNext('CONSUMER.CREATE', (bytes) =>
      Promise.resolve(bytes.toString('latin1').replace('"opt_start_seq":6', '"opt_start_seq":1')),
    );
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(30));
    expect(changes).toEqual([]);
  });

  test('reads messages one at a time if NATS refuses another consumer', async () => {
    const { answerNext, broker, changes, publish } = await parts('refused');
    const [first] = await publish('news', 'first', ...numbered(10));
    answerNext('CONSUMER.CREATE', {
      error: { err_code: 10_026, description: 'maximum consumers limit reached' },
    });
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(10));
    expect(changes).toEqual([]);
  });

  test('reads messages one at a time from the one that a consumer has lost', async () => {
    const { broker, changes, client, interposed, publish, consumersRemoved } = await parts('gap');
    const [first] = await publish('news', 'first', ...numbered(600));
    const takeOne = async (): Promise<void> => {
      const names = (await client.request('$JS.API.CONSUMER.NAMES.gap')).json<{ consumers: string[] }>();
      // The broker never receives this one.
      const taken = new Promise((resolve) => client.subscribe('taken', { max: 1, callback: resolve }));
      client.publish(`$JS.API.CONSUMER.MSG.NEXT.gap.${names.consumers[0]}`, '', { reply: 'taken' });
      await taken;
    };
    interposed.beforeNext('MSG.NEXT', async () => {
      interposed.beforeNext('MSG.NEXT', takeOne);
      await Promise.resolve();
    });
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(600));
    expect(changes).toEqual([]);
    await consumersRemoved();
  });

  test.each(['CONSUMER.CREATE', 'MSG.NEXT'])(
    'reads messages one at a time when NATS does not answer a %s request in time',
    async (request) => {
      const { broker, changes, interposed, publish } = await parts('alone', { timeout: 1000 });
      const [first] = await publish('news', 'first', ...numbered(30));
      interposed.beforeNext(request, () => Promise.resolve(''));
      expect(await textsSince(broker, 'news', first!)).toEqual(numbered(30));
      expect(changes).toEqual([]);
    },
  );

  test('stays connected if NATS cannot remove a consumer', async () => {
    const { broker, changes, interposed, publish } = await parts('left');
    const [first] = await publish('news', 'first', ...numbered(30));
    interposed.beforeNext('CONSUMER.DELETE', (bytes) =>
      Promise.resolve(bytes.toString('latin1').replace('$JS.API.CONSUMER.DELETE', '$JS.NOT.CONSUMER.DELETE')),
    );
    expect(await textsSince(broker, 'news', first!)).toEqual(numbered(30));
    // Confirmed after NATS has refused the other request.
    await publish('news', 'after');
    expect(changes).toEqual([]);
  });

  test.each(['MSG.GET', 'STREAM.INFO'])(
    'rejects when NATS does not answer a %s request in time',
    async (request) => {
      const { broker, changes, interposed, publish } = await parts('unanswered', { timeout: 500 });
      const [first] = await publish('news', 'first', ...numbered(30));
      interposed.beforeNext(request, () => Promise.resolve(''));
      await expect(broker.history('news', first!)).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
      while (changes.length < 2) await turn();
      expect(await textsSince(broker, 'news', first!)).toEqual(numbered(30));
    },
  );

  test('reports an interruption when another server leads the stream, but not when it first learns which one does', async () => {
    const { answerNext, broker, changes, client } = await parts('led');
    // Answered with one request.
    const start = { epoch: 'other', offset: 0 };
    const info = (await client.request('$JS.API.STREAM.INFO.led')).json<object>();
    answerNext('STREAM.INFO', { ...info, cluster: { leader: 'one' } });
    await broker.history('news', start);
    expect(changes).toEqual([]);
    answerNext('STREAM.INFO', { ...info, cluster: { leader: 'other' } });
    await expect(broker.history('news', start)).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
  });

  test('reports an interruption when it receives no message, and another server leads the stream', async () => {
    const { answerNext, changes, client } = await parts('idle', { timeout: 500 });
    const info = (await client.request('$JS.API.STREAM.INFO.idle')).json<{ created: string }>();
    answerNext('STREAM.INFO', { ...info, cluster: { leader: 'one' } });
    while (changes.length < 2) await turn();
    expect(changes).toEqual(['interrupted', 'restored']);
  });

  test.each(['MSG.GET', 'stored.news'])(
    'reports an interruption when NATS answers a %s request that JetStream is unavailable',
    async (request) => {
      const { answerNext, broker, changes, publish } = await parts('unavailable');
      const [first] = await publish('news', 'first');
      answerNext(request, { error: { err_code: 10_008, description: 'temporarily unavailable' } });
      const call = request === 'MSG.GET' ? broker.history('news', first!) : publish('news', 'second');
      await expect(call).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
      while (changes.length < 2) await turn();
      expect(changes).toEqual(['interrupted', 'restored']);
    },
  );

  test('keeps its epoch when NATS answers that the stream exists, and is still creating it', async () => {
    const { answerNext, broker, changes, client, interposed, publish } = await parts('created');
    const [first] = await publish('news', 'first');
    const info = (await client.request('$JS.API.STREAM.INFO.created')).json<object>();
    answerNext('stored.news', { error: { err_code: 10_008, description: 'temporarily unavailable' } });
    await expect(publish('news', 'second')).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    // As NATS 2.9 answers when two brokers create the stream at the same moment.
    const answer = JSON.stringify({ ...info, created: '0001-01-01T00:00:00Z' });
    client.subscribe('creating', { callback: (_error, request) => void request.respond(answer) });
    const answerFirst = (bytes: Buffer): Promise<string> =>
      Promise.resolve(bytes.toString('latin1').replace(/\$JS\.API\.STREAM\.\w+\.created/, 'creating'));
    interposed.beforeNext('STREAM.CREATE', (bytes) => {
      interposed.beforeNext('STREAM.INFO', answerFirst);
      return answerFirst(bytes);
    });
    while (changes.length < 2) await turn();
    expect(await broker.subscribe('news')).toEqual(first);
    expect(changes).toEqual(['interrupted', 'restored']);
  });

  test('rejects when it is closed while it reads', async () => {
    const { broker, interposed, publish } = await parts('closed');
    const [first] = await publish('news', 'first', ...numbered(30));
    const reading = Array.from({ length: 20 }, () => broker.history('news', first!));
    interposed.beforeNext('MSG.NEXT', () => broker.close());
    for (const answer of await Promise.allSettled(reading)) {
      expect(answer).toMatchObject({ reason: { code: 'WS_ERR_BROKER_CLOSED' } });
    }
  });
});
