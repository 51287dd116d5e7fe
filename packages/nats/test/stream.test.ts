// How a broker on NATS uses its stream, which others may change, remove or recreate.
import { Buffer } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { requirement } from '@framewire/testing';
import { Topics, type Position, type TopicConnection } from '@framewire/topics';
import { connect as connectClient, headers } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { natsOfTests, watching } from './support/nats.ts';

describe.skipIf(requirement('nats').missing)('A broker on NATS', () => {
  const nats = natsOfTests();

  test('keeps its session when messages of a topic overtake each other', async () => {
    const broker = await nats.connect({ history: true, prefix: 'overtaken' });
    const client = await connectClient(nats.servers());
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
      broker: await nats.connect({ history: true, prefix: 'removed' }),
      onMissed: (topic) => missed.push(topic),
    });
    const client = await connectClient(nats.servers());
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
    const one = await nats.broker({ history: true, prefix: 'anew' });
    one.listen(listener);
    const since = (await one.publish('news', new Uint8Array(1))) as Position;
    const client = await connectClient(nats.servers());
    onTestFinished(() => client.close());
    await client.request('$JS.API.STREAM.DELETE.anew');
    const other = await nats.broker({ history: true, prefix: 'anew' });
    await other.publish('news', new Uint8Array(1));
    await expect(one.history('news', since)).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
    while (changes.length < 2) await turn();
    expect(await one.history('news', since)).toMatchObject({ messages: undefined });
  });

  test('reports an interruption when a message comes from a stream that another broker has recreated', async () => {
    const options = { history: true, prefix: 'other' };
    const { listener, changes, received } = watching();
    const one = await nats.broker(options);
    one.listen(listener);
    for (let count = 0; count < 3; count++) await one.publish('news', new Uint8Array(1));
    await one.subscribe('news');
    const client = await connectClient(nats.servers());
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
    const other = await nats.broker(options);
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
    const first = await nats.broker(options);
    for (let count = 0; count < 3; count++) await first.publish('news', new Uint8Array(1));
    const one = await nats.broker(options);
    const client = await connectClient(nats.servers());
    onTestFinished(() => client.close());
    await client.request('$JS.API.STREAM.DELETE.foreign');
    await nats.broker(options);
    await expect(one.publish('news', new Uint8Array(1))).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
  });

  test('returns no history after a message whose successors have expired, and an empty one after the newest message', async () => {
    const one = await nats.broker({ history: { milliseconds: 100 }, prefix: 'expiring' });
    const first = (await one.publish('news', new Uint8Array(1))) as Position;
    await one.publish('news', new Uint8Array(1));
    while ((await one.history('news', first)).messages !== undefined) await turn();
    const newest = (await one.subscribe('news')) as Position;
    expect(await one.history('news', newest)).toEqual({ position: newest, messages: [] });
  });

  test('can wait for answers without a limit, and keep messages for longer than NATS can represent', async () => {
    const one = await nats.broker({
      timeout: Infinity,
      history: { milliseconds: 1e15 },
      prefix: 'unlimited',
    });
    await one.publish('news', new Uint8Array(1));
  });

  test('keeps the limits of an existing stream', async () => {
    const few = await nats.broker({ history: { messages: 2 }, prefix: 'limits' });
    const many = await nats.broker({ history: { messages: 1000 }, prefix: 'limits' });
    const first = (await many.publish('news', Buffer.from('1'))) as Position;
    for (const text of ['2', '3', '4']) await many.publish('news', Buffer.from(text));
    expect((await few.history('news', first)).messages).toBeUndefined();
    expect((await many.history('news', { ...first, offset: first.offset + 1 })).messages).toHaveLength(2);
  });

  test('does not use a stream that has other subjects', async () => {
    const client = await connectClient(nats.servers());
    onTestFinished(() => client.close());
    await client.request(
      '$JS.API.STREAM.CREATE.taken',
      JSON.stringify({ name: 'taken', subjects: ['taken'] }),
    );
    await expect(nats.connect({ history: true, prefix: 'taken' })).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
      cause: { message: expect.stringContaining('"taken"') as string },
    });
  });
});

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
