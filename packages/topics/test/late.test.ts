// With a history, messages and answers of the broker arrive late, or in an unusual order.
import { setImmediate as turn } from 'node:timers/promises';
import { collectGarbage } from '@framewire/testing';
import {
  Topics,
  type Broker,
  type BrokerListener,
  type Position,
  type TopicsOptions,
} from '@framewire/topics';
import { TopicHub } from '@framewire/topics/processes';
import { expect, onTestFinished, test, vi } from 'vitest';
import { heldConnection, type HeldConnection } from './support/held-connection.ts';
import { LateBroker } from './support/late-broker.ts';

const encode: TopicsOptions['encode'] = (data, { offset }) => `${offset} ${data.toString()}`;

/** A server whose broker can be late, another server at the same hub, and two connections. */
function start(options: TopicsOptions = {}, messages = 100) {
  const hub = new TopicHub({ history: { messages } });
  const broker = new LateBroker(hub.broker());
  const here = topicsAt(broker, options);
  const there = topicsAt(hub.broker());
  return { hub, broker, here, there, one: heldConnection(), two: heldConnection() };
}

function topicsAt(broker: Broker, options: TopicsOptions = {}): Topics {
  const topics = new Topics({ broker, encode, ...options });
  onTestFinished(() => topics.close());
  return topics;
}

/** Passes the messages of another engine on, as if the subscription had continued there. */
function passOn(engine: Broker, { listener }: LateBroker) {
  const message = vi.fn<BrokerListener['message']>((...args) => listener!.message(...args));
  engine.listen({ message, interrupted: vi.fn<() => void>(), restored: vi.fn<() => void>() });
  return message;
}

async function textsOf({ texts }: HeldConnection, count: number): Promise<readonly string[]> {
  while (texts.length < count) await turn();
  return texts;
}

test('a client that has seen more than its server recovers, and the other clients of that server miss nothing', async () => {
  const { broker, here, there, one, two } = start();
  const { position } = await here.subscribe(one.ws, 'news');
  broker.hold('messages');
  for (const text of ['a', 'b', 'c', 'd']) await there.publish('news', text);
  const since: Position = { ...position!, offset: 2 };
  expect(await here.subscribe(two.ws, 'news', { since })).toMatchObject({ recovered: true });
  broker.release('messages');
  await there.publish('news', 'e');
  expect(await textsOf(one, 5)).toEqual(['1 a', '2 b', '3 c', '4 d', '5 e']);
  expect(await textsOf(two, 3)).toEqual(['3 c', '4 d', '5 e']);
});

test('a subscriber receives what its server publishes before the broker has confirmed the subscription', async () => {
  const { broker, here, one, two } = start();
  broker.hold('subscribe');
  const subscribed = here.subscribe(one.ws, 'news');
  const published = ['a', 'b'].map((text) => here.publish('news', text));
  here.unsubscribe(one.ws, 'news');
  void here.subscribe(two.ws, 'news');
  published.push(here.publish('news', 'c'), here.publish('other', 'd'));
  await published[3];
  broker.release('subscribe');
  await Promise.all([subscribed, ...published]);
  expect(await textsOf(two, 3)).toEqual(['1 a', '2 b', '3 c']);
  expect(one.texts).toEqual([]);
});

test('subscribe() does not reject when its connection leaves before it has recovered', async () => {
  const { broker, here, there, one } = start();
  const since = (await there.publish('news', 'a'))!;
  for (const part of ['subscribe', 'history'] as const) {
    broker.hold(part);
    const subscribed = here.subscribe(one.ws, 'news', { since });
    await turn();
    here.unsubscribe(one.ws, 'news');
    broker.release(part);
    expect(await subscribed).toEqual({ recovered: false, position: undefined });
  }
});

test('the answer to a recovery that has ended is not sent to later subscribers', async () => {
  const { broker, here, there, one, two } = start();
  const since = (await there.publish('news', 'a'))!;
  await here.subscribe(one.ws, 'news');
  broker.hold('messages');
  broker.hold('history');
  await there.publish('news', 'b');
  const recovery = here.subscribe(two.ws, 'news', { since });
  await turn();
  for (const { ws } of [one, two]) here.unsubscribe(ws, 'news');
  await here.subscribe(two.ws, 'news');
  broker.release('messages');
  await there.publish('news', 'c');
  await textsOf(two, 1);
  broker.release('history');
  await recovery;
  expect(two.texts).toEqual(['3 c']);
});

test.each([
  ['', undefined],
  [', even if onMissed() throws', new Error('of the program')],
])('messages of a new epoch that have arrived are passed on%s', async (_how, error) => {
  const missed: string[] = [];
  const thrown: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (it) => void thrown.push(it));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const hubs = [new TopicHub({ history: true }), new TopicHub({ history: true })] as const;
  const [before, after] = hubs.map((hub) => hub.broker()) as [Broker, Broker];
  // The engine loses its history, and keeps the subscription.
  const broker = new LateBroker(before);
  const here = topicsAt(broker, {
    onMissed(topic) {
      missed.push(topic);
      if (error !== undefined) throw error;
    },
  });
  const one = heldConnection();
  await here.subscribe(one.ws, 'news');
  await here.publish('news', 'a');
  await textsOf(one, 1);
  passOn(after, broker);
  // The first message of the epoch does not arrive.
  await after.publish('news', new Uint8Array());
  await after.subscribe('news');
  broker.replace(after);
  for (const text of ['b', 'c', 'd']) await here.publish('news', text);
  expect(await textsOf(one, 4)).toEqual(['1 a', '2 b', '3 c', '4 d']);
  expect(missed).toEqual(['news']);
  expect(thrown).toEqual(error === undefined ? [] : [error]);
});

test('a new epoch whose first message arrives is no loss, because the subscription has continued', async () => {
  const missed: string[] = [];
  const hubs = [new TopicHub({ history: true }), new TopicHub({ history: true })] as const;
  const [before, after] = hubs.map((hub) => hub.broker()) as [Broker, Broker];
  const broker = new LateBroker(before);
  const here = topicsAt(broker, { onMissed: (topic) => missed.push(topic) });
  const [one, two] = [heldConnection(), heldConnection()];
  await here.subscribe(one.ws, 'news');
  const since = await here.publish('news', 'a');
  await textsOf(one, 1);
  passOn(after, broker);
  await after.subscribe('news');
  broker.replace(after);
  const first = (await here.publish('news', 'b'))!;
  expect(await textsOf(one, 2)).toEqual(['1 a', '1 b']);
  expect(missed).toEqual([]);
  expect(await here.subscribe(two.ws, 'news', { since })).toEqual({ recovered: false, position: first });
  here.unsubscribe(two.ws, 'news');
  await here.subscribe(two.ws, 'news', { since: { ...first, offset: 0 } });
  expect(await textsOf(two, 1)).toEqual(['1 b']);
});

test('a message of a new epoch that arrives while the old history is read is passed on', async () => {
  const missed: string[] = [];
  const hubs = [new TopicHub({ history: true }), new TopicHub({ history: true })] as const;
  const [before, after] = hubs.map((hub) => hub.broker()) as [Broker, Broker];
  const broker = new LateBroker(before);
  const here = topicsAt(broker, { onMissed: (topic) => missed.push(topic) });
  const one = heldConnection();
  await here.subscribe(one.ws, 'news');
  await here.publish('news', 'a');
  await textsOf(one, 1);
  const asked = vi.spyOn(before, 'history');
  broker.hold('history');
  broker.listener!.interrupted(new Error('of the engine'));
  broker.listener!.restored();
  while (asked.mock.calls.length === 0) await turn();
  const message = passOn(after, broker);
  // The first message of the epoch does not arrive.
  await after.publish('news', new Uint8Array());
  await after.subscribe('news');
  broker.replace(after);
  await here.publish('news', 'b');
  while (message.mock.calls.length === 0) await turn();
  broker.release('history');
  expect(await textsOf(one, 2)).toEqual(['1 a', '2 b']);
  expect(missed).toEqual(['news']);
});

test('a late message of an epoch that has ended costs one request, and nothing is passed on', async () => {
  const { broker, here, there, one } = start();
  await here.subscribe(one.ws, 'news');
  const message = vi.spyOn(broker.listener!, 'message');
  await there.publish('news', 'a');
  await textsOf(one, 1);
  const asked = vi.spyOn(broker, 'history');
  const [topic, data] = message.mock.calls[0]!;
  broker.listener!.message(topic, data, { epoch: 'ended', offset: 9 }, 8);
  await there.publish('news', 'b');
  expect(await textsOf(one, 2)).toEqual(['1 a', '2 b']);
  await there.publish('news', 'c');
  expect(await textsOf(one, 3)).toEqual(['1 a', '2 b', '3 c']);
  expect(asked).toHaveBeenCalledTimes(1);
});

test('a message that encode() publishes follows the message that it encodes', async () => {
  const hub = new TopicHub({ history: true });
  const topics: Topics = topicsAt(hub.broker(), {
    encode(data, position) {
      if (data === 'a') void topics.publish('news', 'nested');
      return `${position.offset} ${data.toString()}`;
    },
  });
  const [one, two] = [heldConnection(), heldConnection()];
  const { position } = await topics.subscribe(one.ws, 'news');
  await topics.publish('news', 'a');
  expect(await textsOf(one, 2)).toEqual(['1 a', '2 nested']);
  await topics.subscribe(two.ws, 'news', { since: position });
  expect(await textsOf(two, 3)).toEqual(['1 a', '2 nested', '3 nested']);
});

/** An `encode()` that uses up the share of a turn. */
const slowEncode: TopicsOptions['encode'] = (...args) => {
  for (const start = performance.now(); performance.now() - start < 3;);
  return encode(...args);
};

test('a client recovers over several turns, and what is published in the meantime follows', async () => {
  const { here, there, one, two } = start({ encode: slowEncode });
  const { position: since } = await here.subscribe(one.ws, 'news');
  for (const text of ['a', 'b', 'c', 'd']) await there.publish('news', text);
  await textsOf(one, 4);
  const recovery = here.subscribe(two.ws, 'news', { since });
  expect((await textsOf(two, 1)).length).toBeLessThan(4);
  const position = await there.publish('news', 'e');
  expect(await recovery).toEqual({ recovered: true, position });
  await there.publish('news', 'f');
  expect(await textsOf(two, 6)).toEqual(['1 a', '2 b', '3 c', '4 d', '5 e', '6 f']);
  expect(await textsOf(one, 6)).toEqual(two.texts);
});

test('a client has not recovered if its connection begins to close in the meantime', async () => {
  const { here, there, one, two } = start({ encode: slowEncode });
  const { position: since } = await here.subscribe(one.ws, 'news');
  for (const text of ['a', 'b', 'c', 'd']) await there.publish('news', text);
  await textsOf(one, 4);
  const recovery = here.subscribe(two.ws, 'news', { since });
  await textsOf(two, 1);
  two.ws.close();
  expect(await recovery).toEqual({ recovered: false, position: undefined });
});

test('a client has not recovered if the topic loses messages in the meantime', async () => {
  const hubs = [new TopicHub({ history: true }), new TopicHub({ history: true })] as const;
  const [before, after] = hubs.map((hub) => hub.broker()) as [Broker, Broker];
  const broker = new LateBroker(before);
  const here = topicsAt(broker, { encode: slowEncode });
  const [one, two] = [heldConnection(), heldConnection()];
  const { position: since } = await here.subscribe(one.ws, 'news');
  for (const text of ['a', 'b', 'c', 'd']) await here.publish('news', text);
  await textsOf(one, 4);
  passOn(after, broker);
  await after.subscribe('news');
  const recovery = here.subscribe(two.ws, 'news', { since });
  await textsOf(two, 1);
  broker.replace(after);
  const position = (await here.publish('news', 'new 1'))!;
  expect(await recovery).toEqual({ recovered: false, position });
  const sent = [...two.texts];
  expect(sent).toEqual(['1 a', '2 b', '3 c', '4 d'].slice(0, sent.length));
  expect(sent.length).toBeLessThan(4);
  await here.publish('news', 'new 2');
  expect(await textsOf(two, sent.length + 1)).toEqual([...sent, '2 new 2']);
});

test('a server catches up over several turns, and is interrupted meanwhile without a gap or a duplicate', async () => {
  const { broker, here, there, one } = start({ encode: slowEncode });
  await here.subscribe(one.ws, 'news');
  const interruption = new Error('of the engine');
  broker.listener!.interrupted(interruption);
  broker.hold('messages');
  for (const text of ['a', 'b', 'c', 'd', 'e']) await there.publish('news', text);
  broker.listener!.restored();
  expect((await textsOf(one, 1)).length).toBeLessThan(5);
  broker.listener!.interrupted(interruption);
  broker.listener!.restored();
  broker.release('messages');
  await there.publish('news', 'f');
  expect(await textsOf(one, 6)).toEqual(['1 a', '2 b', '3 c', '4 d', '5 e', '6 f']);
});

test('a server that catches up stops when a new epoch has begun', async () => {
  const hubs = [new TopicHub({ history: true }), new TopicHub({ history: true })] as const;
  const [before, after] = hubs.map((hub) => hub.broker()) as [Broker, Broker];
  const broker = new LateBroker(before);
  const [here, there] = [topicsAt(broker, { encode: slowEncode }), topicsAt(hubs[0].broker())];
  const one = heldConnection();
  await here.subscribe(one.ws, 'news');
  const interruption = new Error('of the engine');
  broker.listener!.interrupted(interruption);
  broker.hold('messages');
  for (const text of ['a', 'b', 'c', 'd', 'e']) await there.publish('news', text);
  broker.listener!.restored();
  const caughtUp = [...(await textsOf(one, 1))];
  broker.listener!.interrupted(interruption);
  passOn(after, broker);
  broker.replace(after);
  broker.listener!.restored();
  await here.publish('news', 'new');
  expect(await textsOf(one, caughtUp.length + 1)).toEqual([...caughtUp, '1 new']);
  expect(caughtUp.length).toBeLessThan(5);
});

test('recovered is false when the connection drops a message of the recovery', async () => {
  const { hub, here, there, one } = start();
  const { position } = await here.subscribe(one.ws, 'news');
  for (const text of ['a', 'b', 'c', 'd']) await there.publish('news', text);
  await textsOf(one, 4);
  const slow = heldConnection({ maxBufferedAmount: 8, onBufferFull: 'drop' });
  slow.hold();
  slow.ws.send('more than 8 bytes');
  for (let count = 0; count < 3; count++) await turn();
  const since = { epoch: position!.epoch, offset: 0 };
  expect(await here.subscribe(slow.ws, 'news', { since })).toMatchObject({ recovered: false });
  expect(here.isSubscribed(slow.ws, 'news')).toBe(true);
  await slow.release();
  expect(slow.texts).toEqual(['more than 8 bytes']);
  const other = topicsAt(hub.broker());
  const quick = heldConnection({ maxBufferedAmount: 100, onBufferFull: 'drop' });
  expect(await other.subscribe(quick.ws, 'news', { since })).toMatchObject({ recovered: true });
});

test('a server continues after a gap that the history cannot fill', async () => {
  const missed: string[] = [];
  const { hub, broker, here, there, one } = start({ onMissed: (topic) => missed.push(topic) });
  const { position } = await here.subscribe(one.ws, 'news');
  const { epoch } = position!;
  const raw: Uint8Array[] = [];
  const listening = hub.broker();
  listening.listen({ message: (_topic, data) => raw.push(data), interrupted: ignore, restored: ignore });
  await listening.subscribe('elsewhere');
  await there.publish('elsewhere', 'late');
  while (raw.length === 0) await turn();
  // The history is empty, although this message has others before it.
  broker.listener!.message('news', raw[0]!, { epoch, offset: 9 }, 8);
  expect(await textsOf(one, 1)).toEqual(['9 late']);
  expect(missed).toEqual(['news']);
});

test('a server keeps no message that arrived before an interruption and could not be passed on', async () => {
  const { broker, here, there, one } = start();
  await here.subscribe(one.ws, 'news');
  const { epoch } = (await there.publish('news', 'a'))!;
  const listener = broker.listener!;
  broker.hold('history');
  const early = ((): WeakRef<Uint8Array> => {
    const data = new Uint8Array(1);
    listener.message('news', data, { epoch, offset: 3 });
    return new WeakRef(data);
  })();
  listener.interrupted(new Error('of the engine'));
  while (early.deref() !== undefined) {
    await turn();
    collectGarbage();
  }
  listener.restored();
  broker.release('history');
  await there.publish('news', 'b');
  expect(await textsOf(one, 2)).toEqual(['1 a', '2 b']);
});

test('a message without conflate does not overtake those of its topic that wait', async () => {
  const { here, there } = start();
  const slow = heldConnection({ highWaterMark: 4 });
  for (const topic of ['news', 'other']) await here.subscribe(slow.ws, topic);
  slow.hold();
  slow.ws.send('ahead');
  await turn();
  await there.publish('other', 'waits', { conflate: true });
  for (const key of ['A', 'B', 'A']) await there.publish('news', key, { conflate: key });
  await there.publish('news', 'plain');
  await turn();
  for (let round = 0; round < 2; round++) await slow.release();
  expect(slow.texts).toEqual(['ahead', '2 B', '3 A', '4 plain', '1 waits']);
});

function ignore(): void {}
