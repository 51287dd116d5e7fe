// Topics of several servers, joined by a broker without a history.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Topics, type TopicsOptions } from '@framewire/topics';
import { TopicHub } from '@framewire/topics/processes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BreakableEngine } from './support/breakable-broker.ts';
import { heldConnection, type HeldConnection } from './support/held-connection.ts';
import { connect, WAYS } from './support/hubs.ts';

const texts = (length: number): string[] => Array.from({ length }, (_, id) => `message ${id}`);

/** A server with its topics and two connections. */
interface Server {
  readonly topics: Topics;
  readonly connections: readonly [HeldConnection, HeldConnection];
}

async function serverAt(engine: BreakableEngine, options: TopicsOptions = {}): Promise<Server> {
  const topics = new Topics({ broker: await engine.connect(), ...options });
  onTestFinished(() => topics.close());
  return { topics, connections: [heldConnection(), heldConnection()] };
}

/** Returns the texts that a connection has received, once there are this many. */
async function textsOf(connection: HeldConnection, count: number): Promise<readonly string[]> {
  while (connection.texts.length < count) await turn();
  return connection.texts;
}

describe.each(WAYS)('With a broker that is reached %s', (way) => {
  const engineOf = (): BreakableEngine => {
    const hub = new TopicHub();
    return new BreakableEngine(() => connect(hub, way));
  };

  test('every subscriber receives each message once, and those of the same server synchronously', async () => {
    const engine = engineOf();
    const [here, there] = [await serverAt(engine), await serverAt(engine)];
    const all = [...here.connections, ...there.connections];
    for (const { topics, connections } of [here, there]) {
      for (const { ws } of connections) await topics.subscribe(ws, 'news');
    }
    here.connections[0].ws.send('before');
    void here.topics.publish('news', 'one');
    here.connections[0].ws.send('after');
    void here.topics.publish('news', 'two', { except: here.connections[1].ws });
    expect(await textsOf(here.connections[0], 4)).toEqual(['before', 'one', 'after', 'two']);
    await there.topics.publish('news', 'three');
    for (const one of all) await textsOf(one, 2);
    expect(await textsOf(here.connections[0], 5)).toEqual(['before', 'one', 'after', 'two', 'three']);
    expect(await textsOf(here.connections[1], 2)).toEqual(['one', 'three']);
    for (const one of there.connections)
      expect((await textsOf(one, 3)).toSorted()).toEqual(['one', 'three', 'two']);
  });

  test('messages of a server arrive in the order in which it published them', async () => {
    const engine = engineOf();
    const [here, there] = [await serverAt(engine), await serverAt(engine)];
    await there.topics.subscribe(there.connections[0].ws, 'news');
    for (const text of texts(500)) void here.topics.publish('news', text);
    expect(await textsOf(there.connections[0], 500)).toEqual(texts(500));
  });

  test('a message stays text or binary, and is conflated, on other servers too', async () => {
    const engine = engineOf();
    const [here, there] = [await serverAt(engine), await serverAt(engine)];
    const slow = heldConnection({ highWaterMark: 4 });
    const [fast] = there.connections;
    for (const { ws } of [slow, fast]) await there.topics.subscribe(ws, 'price');
    slow.hold();
    slow.ws.send('ahead');
    for (const price of ['1', '2', '3']) await here.topics.publish('price', price, { conflate: 'ACME' });
    await here.topics.publish('price', Buffer.from('bytes'));
    await here.topics.publish('price', Buffer.from('text'), { binary: false });
    expect(await textsOf(fast, 5)).toEqual(['1', '2', '3', 'bytes', 'text']);
    await slow.release();
    expect(await textsOf(slow, 4)).toEqual(['ahead', 'bytes', 'text', '3']);
    expect(fast.opcodes).toEqual([1, 1, 1, 2, 1]);
  });

  test('keys that UTF-8 would make the same stay different keys on other servers', async () => {
    const engine = engineOf();
    const [here, there] = [await serverAt(engine), await serverAt(engine)];
    const slow = heldConnection({ highWaterMark: 4 });
    const [fast] = there.connections;
    for (const { ws } of [slow, fast]) await there.topics.subscribe(ws, 'price');
    slow.hold();
    slow.ws.send('ahead');
    const keys = ['\ud800', '\udc00', '\ufffd', 'Ü', ''];
    for (const [index, key] of keys.entries()) {
      for (const age of ['old', 'new']) {
        await here.topics.publish('price', `${age} ${index}`, { conflate: key });
      }
    }
    await textsOf(fast, 2 * keys.length);
    for (let round = 0; round < keys.length; round++) await slow.release();
    expect(slow.texts).toEqual(['ahead', ...keys.map((_, index) => `new ${index}`)]);
    const tooLong = here.topics.publish('price', 'text', { conflate: 'x'.repeat(65_536) });
    await expect(tooLong).rejects.toThrow(
      new RangeError('The key of conflate must not be longer than 65535 characters'),
    );
  });

  test('a server has a subscription at the broker only while it has a subscriber', async () => {
    const engine = engineOf();
    const { topics, connections } = await serverAt(engine);
    const [one, two] = connections;
    await Promise.all([one, two].map(({ ws }) => topics.subscribe(ws, 'news')));
    await topics.subscribe(one.ws, 'weather');
    topics.unsubscribe(one.ws, 'news');
    expect(engine.calls).toEqual(['subscribe news', 'subscribe weather']);
    for (const { ws } of [one, two]) {
      const closed = once(ws, 'close');
      ws.terminate();
      await closed;
    }
    expect(engine.calls.slice(2).toSorted()).toEqual(['unsubscribe news', 'unsubscribe weather']);
  });

  test('bytes that are not a message of topics are ignored', async () => {
    const engine = engineOf();
    const [here, there] = [await serverAt(engine), await serverAt(engine)];
    const [{ ws }] = there.connections;
    await there.topics.subscribe(ws, 'news');
    const stranger = await engine.connect();
    for (const data of ['', '{}', 'x'.repeat(100), '\x01'.repeat(12), `\x01\x0f${'\xff'.repeat(16)}`]) {
      await stranger.publish('news', Buffer.from(data, 'latin1'));
    }
    await here.topics.publish('news', 'hello');
    expect(await textsOf(there.connections[0], 1)).toEqual(['hello']);
    await stranger.close();
  });
});

describe('While the broker cannot be reached', () => {
  const engineOf = (): BreakableEngine => {
    const hub = new TopicHub();
    return new BreakableEngine(() => hub.broker());
  };

  test('publish() rejects, connections stay open, and other servers are joined again afterwards', async () => {
    const engine = engineOf();
    const reports: string[] = [];
    const here = await serverAt(engine, {
      onInterrupted: (error) => reports.push(error.message),
      onRestored: () => reports.push('restored'),
    });
    const there = await serverAt(engine);
    for (const { topics, connections } of [here, there]) await topics.subscribe(connections[0].ws, 'news');
    await engine.interrupt();
    await expect(here.topics.publish('news', 'lost elsewhere')).rejects.toMatchObject({
      name: 'BrokerError',
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    // Connections that subscribe during the interruption are subscribed as soon as that is possible.
    expect(await there.topics.subscribe(there.connections[1].ws, 'weather')).toEqual({
      recovered: false,
      position: undefined,
    });
    there.topics.unsubscribe(there.connections[0].ws, 'news');
    await there.topics.subscribe(there.connections[0].ws, 'news');
    await engine.restore();
    expect(reports).toEqual(['broken on purpose', 'restored']);
    await here.topics.publish('news', 'again');
    await here.topics.publish('weather', 'sunny');
    expect(await textsOf(here.connections[0], 2)).toEqual(['lost elsewhere', 'again']);
    expect(await textsOf(there.connections[0], 1)).toEqual(['again']);
    expect(await textsOf(there.connections[1], 1)).toEqual(['sunny']);
    for (const { ws } of [...here.connections, ...there.connections]) expect(ws.readyState).toBe(ws.OPEN);
  });

  test('messages wait up to maxQueued bytes, and are published in order', async () => {
    const engine = engineOf();
    // This server is restored first, so it has subscribed before the messages are published.
    const there = await serverAt(engine);
    // The envelope of a message has 16 bytes in addition to the text.
    const here = await serverAt(engine, { maxQueued: 10 * (16 + 'message 0'.length) });
    await there.topics.subscribe(there.connections[0].ws, 'news');
    await engine.interrupt();
    const waiting = texts(10).map((text) => here.topics.publish('news', text));
    await expect(here.topics.publish('news', 'too much')).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_QUEUE_FULL',
    });
    await engine.restore();
    void here.topics.publish('news', 'last');
    await Promise.all(waiting);
    expect(await textsOf(there.connections[0], 11)).toEqual([...texts(10), 'last']);
    await engine.interrupt();
    const lost = here.topics.publish('news', 'waits again');
    const closed = here.topics.close();
    await expect(lost).rejects.toMatchObject({ code: 'WS_ERR_BROKER_CLOSED' });
    await closed;
  });

  test('subscribe() rejects with an error of the broker that is not an interruption, and does not subscribe the connection', async () => {
    const engine = engineOf();
    const broker = await engine.connect();
    broker.subscribe = () => Promise.reject(new Error('not permitted'));
    const topics = new Topics({ broker });
    const { ws } = heldConnection();
    await expect(topics.subscribe(ws, 'secret')).rejects.toThrow('not permitted');
    expect(topics.isSubscribed(ws, 'secret')).toBe(false);
    await topics.close();
  });
});

test.each([-1, Number.NaN])('new Topics() rejects a maxQueued of %d', (maxQueued) => {
  expect(() => new Topics({ maxQueued })).toThrow(RangeError);
});

test('close() ends all subscriptions, and later calls reject', async () => {
  const hub = new TopicHub();
  const engine = new BreakableEngine(() => hub.broker());
  const { topics, connections } = await serverAt(engine);
  const [{ ws }] = connections;
  await topics.subscribe(ws, 'news');
  await topics.close();
  await topics.close();
  expect(topics.subscriptions(ws)).toEqual([]);
  expect([...engine.brokers]).toEqual([]);
  await expect(topics.subscribe(ws, 'news')).rejects.toMatchObject({ code: 'WS_ERR_BROKER_CLOSED' });
  await expect(topics.publish('news', 'hello')).rejects.toMatchObject({ code: 'WS_ERR_BROKER_CLOSED' });
  expect(ws.readyState).toBe(ws.OPEN);
});
