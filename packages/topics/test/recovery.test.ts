// Topics of several servers, joined by a broker with a history: positions, and recovery.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Topics, type TopicsOptions } from '@framewire/topics';
import { TopicHub } from '@framewire/topics/processes';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { BreakableEngine } from './support/breakable-broker.ts';
import { heldConnection, type HeldConnection } from './support/held-connection.ts';
import { connect, WAYS, type Way } from './support/hubs.ts';

const HISTORY = { messages: 200 };

/** The form in which subscribers receive messages. */
interface Numbered {
  readonly epoch: string;
  readonly offset: number;
  readonly text: string;
}

const encode: TopicsOptions['encode'] = (data, { epoch, offset }) =>
  JSON.stringify({ epoch: epoch.slice(0, 8), offset, text: data.toString() });

function engineAt(way: Way): BreakableEngine {
  const hub = new TopicHub({ history: HISTORY });
  return new BreakableEngine(() => connect(hub, way));
}

async function topicsAt(engine: BreakableEngine, options: TopicsOptions = {}): Promise<Topics> {
  const topics = new Topics({ broker: await engine.connect(), encode, ...options });
  onTestFinished(() => topics.close());
  return topics;
}

const received = ({ texts }: HeldConnection): Numbered[] => texts.map((text) => JSON.parse(text) as Numbered);
const texts = (one: HeldConnection): string[] => received(one).map(({ text }) => text);
const offsets = (one: HeldConnection): number[] => received(one).map(({ offset }) => offset);
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Waits until a connection has received the message with an offset. */
async function until(one: HeldConnection, offset: number): Promise<void> {
  while (received(one).at(-1)?.offset !== offset) await turn();
}

describe.each(WAYS)('With a history that is reached %s', (way) => {
  test('all servers pass on the same messages in the same order, each encoded once', async () => {
    const engine = engineAt(way);
    let encoded = 0;
    const counting: TopicsOptions['encode'] = (...args) => {
      encoded++;
      return encode(...args);
    };
    const here = await topicsAt(engine, { encode: counting });
    const there = await topicsAt(engine);
    const connections = Array.from({ length: 3 }, () => heldConnection());
    for (const { ws } of connections.slice(0, 2)) await here.subscribe(ws, 'news');
    const { position } = await there.subscribe(connections[2]!.ws, 'news');
    expect(position?.offset).toBe(0);
    const positions = await Promise.all(
      upTo(100).map((id) => (id % 2 === 0 ? here : there).publish('news', `message ${id}`)),
    );
    for (const one of connections) await until(one, 100);
    expect(encoded).toBe(100);
    expect(offsets(connections[0]!)).toEqual(upTo(100));
    for (const one of connections) expect(one.texts).toEqual(connections[0]!.texts);
    for (const [index, { offset, epoch } = { offset: 0, epoch: '' }] of positions.entries()) {
      expect(epoch).toBe(position?.epoch);
      expect(texts(connections[0]!)[offset - 1]).toBe(`message ${index + 1}`);
    }
  });

  test('a message stays text or binary, and is not sent to the connection that `except` names', async () => {
    const engine = engineAt(way);
    const topics = await topicsAt(engine, {
      encode: (data, { offset }) =>
        typeof data === 'string' ? `${offset} ${data}` : Buffer.concat([Buffer.of(offset + 48), data]),
    });
    const [a, b] = [heldConnection(), heldConnection()];
    for (const { ws } of [a, b]) await topics.subscribe(ws, 'news');
    await topics.publish('news', 'text', { except: a.ws });
    await topics.publish('news', Buffer.from('bytes'));
    await topics.publish('news', Buffer.from('end'), { binary: false });
    while (b.texts.length < 3 || a.texts.length < 2) await turn();
    expect([b.texts, b.opcodes]).toEqual([
      ['1 text', '2bytes', '3 end'],
      [1, 2, 1],
    ]);
    expect(a.texts).toEqual(['2bytes', '3 end']);
  });

  test('a subscriber that reconnects receives what it has missed, and continues without a gap or a duplicate', async () => {
    const engine = engineAt(way);
    const [here, there] = [await topicsAt(engine), await topicsAt(engine)];
    const watching = heldConnection();
    await here.subscribe(watching.ws, 'news');
    const { epoch } = (await here.publish('news', 'message 1'))!;
    let published = 1;
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        // A few in some turns, and none in others.
        for (let count = published % 3; count >= 0; count--) {
          void (published % 2 === 0 ? here : there).publish('news', `message ${++published}`);
        }
        await turn();
        if (published % 5 === 0) await turn();
      }
    })();
    const all: number[] = [1];
    for (let visit = 0; visit < 40; visit++) {
      const one = heldConnection();
      const topics = visit % 2 === 0 ? there : here;
      const since = { epoch, offset: all.at(-1)! };
      const { recovered, position } = await topics.subscribe(one.ws, 'news', { since });
      expect([visit, recovered]).toEqual([visit, true]);
      expect(position!.offset).toBeGreaterThanOrEqual(since.offset);
      const stay = all.at(-1)! + (visit % 7);
      while (one.texts.length === 0 || offsets(one).at(-1)! < stay) await turn();
      topics.unsubscribe(one.ws, 'news');
      await turn();
      all.push(...offsets(one));
      one.ws.terminate();
    }
    isOver = true;
    await publishing;
    expect(all).toEqual(upTo(all.length));
    await until(watching, published);
    expect(offsets(watching)).toEqual(upTo(published));
  });

  test.each([
    ['of another epoch', { epoch: 'another', offset: 1 }],
    ['before messages that have been removed', { offset: 0 }],
    ['after the newest message', { offset: 10_000 }],
    ['that is invalid', { offset: -1 }],
    ['that is invalid', { offset: 1.5 }],
    ['that is invalid', { offset: '1' as unknown as number }],
  ])(
    'a subscriber with a position %s has not recovered, and receives what is published from now on',
    async (_what, given) => {
      const engine = engineAt(way);
      const topics = await topicsAt(engine);
      const count = 2 * HISTORY.messages;
      const { epoch } = (await Promise.all(upTo(count).map((id) => topics.publish('news', `${id}`))))[0]!;
      const one = heldConnection();
      const since = { epoch, ...given };
      expect(await topics.subscribe(one.ws, 'news', { since })).toEqual({
        recovered: false,
        position: { epoch, offset: count },
      });
      await topics.publish('news', 'now');
      await until(one, count + 1);
      expect(texts(one)).toEqual(['now']);
    },
  );

  test('a subscriber that has missed nothing has recovered', async () => {
    const engine = engineAt(way);
    const topics = await topicsAt(engine);
    const since = (await topics.publish('news', 'one'))!;
    const one = heldConnection();
    expect(await topics.subscribe(one.ws, 'news', { since })).toEqual({ recovered: true, position: since });
    await topics.publish('news', 'two');
    await until(one, 2);
    expect(texts(one)).toEqual(['two']);
  });

  test('a subscriber that leaves or closes while it recovers receives nothing', async () => {
    const engine = engineAt(way);
    const topics = await topicsAt(engine);
    const since = (await topics.publish('news', 'one'))!;
    await topics.publish('news', 'two');
    const [leaving, closing, returning] = [heldConnection(), heldConnection(), heldConnection()];
    const recoveries = [leaving, closing, returning].map(({ ws }) => topics.subscribe(ws, 'news', { since }));
    topics.unsubscribe(leaving.ws, 'news');
    const closed = once(closing.ws, 'close');
    closing.ws.terminate();
    topics.unsubscribe(returning.ws, 'news');
    const again = topics.subscribe(returning.ws, 'news', { since });
    await Promise.all([...recoveries, closed]);
    expect(await again).toMatchObject({ recovered: true });
    await topics.publish('news', 'three');
    await until(returning, 3);
    expect(texts(returning)).toEqual(['two', 'three']);
    expect([leaving.texts, closing.texts]).toEqual([[], []]);
    expect(topics.subscriberCount('news')).toBe(1);
  });

  test('clients that recover together share histories, and each receives exactly what it has missed', async () => {
    const engine = engineAt(way);
    const topics = await topicsAt(engine);
    const newest = 2 * HISTORY.messages + 50;
    const published = upTo(newest).map((id) => topics.publish('news', `${id}`));
    const { epoch } = (await Promise.all(published))[0]!;
    const oldest = HISTORY.messages;
    // The first ones are too old, and the last ones have not been published yet.
    const seen = upTo(100).map((id) => (id * 7919) % (newest + 50));
    const clients = seen.map((offset) => ({ one: heldConnection(), since: { epoch, offset } }));
    const other = { one: heldConnection(), since: { epoch: 'another', offset: newest } };
    const results = await Promise.all(
      [...clients, other].map(({ one, since }) => topics.subscribe(one.ws, 'news', { since })),
    );
    expect(engine.calls.filter((call) => call.startsWith('history')).length).toBeLessThan(20);
    await topics.publish('news', 'later');
    for (const [index, { one, since }] of [...clients, other].entries()) {
      const isWhole = since.epoch === epoch && since.offset >= oldest && since.offset <= newest;
      expect([since, results[index]!.recovered]).toEqual([since, isWhole]);
      await until(one, newest + 1);
      expect(offsets(one)).toEqual(upTo(newest + 1, isWhole ? since.offset + 1 : newest + 1));
    }
  });

  test('many clients recover over several turns without a gap or a duplicate, and each message is encoded once for them', async () => {
    const engine = engineAt(way);
    const encoded = new Map<number, number>();
    const topics = await topicsAt(engine, {
      encode(data, position, topic) {
        encoded.set(position.offset, (encoded.get(position.offset) ?? 0) + 1);
        return encode(data, position, topic);
      },
    });
    const count = HISTORY.messages;
    const [first] = await Promise.all(upTo(count).map((id) => topics.publish('news', `${id}`)));
    const since = { ...first!, offset: 0 };
    const clients = upTo((3 * 10_000) / count).map(() => heldConnection());
    let isOver = false;
    let published = count;
    const publishing = (async () => {
      // Messages published earlier could push the first ones out of the history.
      while (!engine.calls.some((call) => call.startsWith('history'))) await turn();
      while (!isOver) {
        void topics.publish('news', `${++published}`);
        await turn();
      }
    })();
    const results = await Promise.all(clients.map(({ ws }) => topics.subscribe(ws, 'news', { since })));
    isOver = true;
    await publishing;
    expect(results.filter(({ recovered }) => recovered)).toHaveLength(clients.length);
    expect(new Set(results.map(({ position }) => position?.offset)).size).toBeGreaterThan(1);
    for (const one of clients) {
      await until(one, published);
      expect(offsets(one)).toEqual(upTo(published));
    }
    expect(encoded.get(1)).toBe(1);
  });

  test('an error of a history rejects for all clients that share it, and later ones recover', async () => {
    const engine = engineAt(way);
    const topics = await topicsAt(engine);
    const since = (await topics.publish('news', 'one'))!;
    const [broker] = engine.brokers;
    vi.spyOn(broker!, 'history').mockRejectedValueOnce(new Error('on purpose'));
    const connections = [heldConnection(), heldConnection()];
    for (const { ws } of connections) await topics.subscribe(ws, 'other');
    const recoveries = connections.map(({ ws }) => topics.subscribe(ws, 'news', { since }));
    for (const recovery of recoveries) await expect(recovery).rejects.toThrow('on purpose');
    expect(topics.subscriberCount('news')).toBe(0);
    for (const { ws } of connections) {
      expect(await topics.subscribe(ws, 'news', { since })).toMatchObject({ recovered: true });
    }
  });
});

test('a connection that subscribes with a position before it is open receives what follows once it is open', async () => {
  const topics = await topicsAt(engineAt('directly'));
  const other = heldConnection();
  await topics.subscribe(other.ws, 'news');
  const since = (await topics.publish('news', 'one'))!;
  await until(other, 1);
  const later = heldConnection({}, 'later');
  expect(await topics.subscribe(later.ws, 'news', { since })).toMatchObject({ recovered: false });
  later.open();
  await topics.publish('news', 'two');
  await until(later, 2);
  expect(texts(later)).toEqual(['two']);
});

describe('After an interruption', () => {
  test('subscribers receive what they have missed, without asking for it', async () => {
    const engine = engineAt('through a port');
    const [here, there] = [await topicsAt(engine), await topicsAt(engine)];
    const one = heldConnection();
    const { position } = await here.subscribe(one.ws, 'news');
    await there.publish('news', 'message 1');
    await until(one, 1);
    // Only one server loses the broker. The other continues to publish.
    const [mine] = [...engine.brokers];
    await mine!.interrupt();
    await Promise.all(upTo(10, 2).map((id) => there.publish('news', `message ${id}`)));
    mine!.restore();
    await Promise.all(upTo(15, 11).map((id) => there.publish('news', `message ${id}`)));
    await until(one, 15);
    expect(offsets(one)).toEqual(upTo(15));
    const late = heldConnection();
    await here.subscribe(late.ws, 'news', { since: position });
    await until(late, 15);
    expect(offsets(late)).toEqual(upTo(15));
  });

  test('onMissed is called when some of the missed messages are no longer in the history', async () => {
    const engine = engineAt('directly');
    const missed: string[] = [];
    const here = await topicsAt(engine, { onMissed: (topic) => missed.push(topic) });
    const there = await topicsAt(engine);
    const one = heldConnection();
    await here.subscribe(one.ws, 'news');
    await there.publish('news', 'first');
    await until(one, 1);
    const [mine] = [...engine.brokers];
    await mine!.interrupt();
    const count = 2 * HISTORY.messages;
    await Promise.all(upTo(count).map((id) => there.publish('news', `${id}`)));
    mine!.restore();
    while (missed.length === 0) await turn();
    await there.publish('news', 'last');
    await until(one, count + 2);
    expect([missed, texts(one)]).toEqual([['news'], ['first', 'last']]);
  });

  test('recovery rejects while the broker cannot be reached, and the connection is not subscribed', async () => {
    const engine = engineAt('directly');
    const topics = await topicsAt(engine);
    const since = (await topics.publish('news', 'one'))!;
    const one = heldConnection();
    await engine.interrupt();
    for (const position of [since, { ...since, offset: 0 }]) {
      await expect(topics.subscribe(one.ws, 'news', { since: position })).rejects.toMatchObject({
        code: 'WS_ERR_BROKER_UNREACHABLE',
      });
    }
    expect(topics.isSubscribed(one.ws, 'news')).toBe(false);
    await engine.restore();
    expect(await topics.subscribe(one.ws, 'news', { since })).toMatchObject({ recovered: true });
  });
});

test('a message that the broker loses silently is fetched from the history', async () => {
  const engine = engineAt('through a port');
  const [here, there] = [await topicsAt(engine), await topicsAt(engine)];
  const one = heldConnection();
  await here.subscribe(one.ws, 'news');
  await there.publish('news', 'message 1');
  await until(one, 1);
  engine.losesNext = true;
  for (const id of upTo(5, 2)) void there.publish('news', `message ${id}`);
  await until(one, 5);
  expect(engine.losesNext).toBe(false);
  expect(offsets(one)).toEqual(upTo(5));
});

test('an error of encode() is an uncaught exception, and the next message arrives', async () => {
  const engine = engineAt('directly');
  const topics = await topicsAt(engine, {
    encode(data) {
      if (data === 'bad') throw new Error('cannot be encoded');
      return data;
    },
  });
  const one = heldConnection();
  await topics.subscribe(one.ws, 'news');
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
  const listeners = process.listeners('uncaughtException').slice(0, -1);
  for (const listener of listeners) process.off('uncaughtException', listener);
  await topics.publish('news', 'bad');
  expect(await uncaught).toMatchObject({ message: 'cannot be encoded' });
  for (const listener of listeners) process.on('uncaughtException', listener);
  await topics.publish('news', 'good');
  while (one.texts.length === 0) await turn();
  expect(one.texts).toEqual(['good']);
});
