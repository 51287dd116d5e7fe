// A hub that hangs, and workers that do not read what it sends.
import '@framewire/testing/fake-timers';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BrokerError, Topics, type Broker } from '@framewire/topics';
import { brokerContract } from '@framewire/topics/contract';
import { connectToHub, TopicHub, type TopicHubOptions } from '@framewire/topics/processes';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { HeldChannel } from './support/held-channel.ts';
import { heldConnection, type HeldConnection } from './support/held-connection.ts';

/** How long the hub may take to answer by default, in ms. A ping is sent after that time, and may take as long. */
const TIMEOUT = 10_000;

const texts = (length: number, first = 0): string[] =>
  Array.from({ length }, (_, index) => `message ${first + index}`);

async function textsOf(connection: HeldConnection, count: number): Promise<readonly string[]> {
  while (connection.texts.length < count) await turn();
  return connection.texts;
}

describe.each([false, true])('A hub that can hang (history: %s)', (history) => {
  const hub = new TopicHub({ history });
  const channels = new Set<HeldChannel>();
  const harness = {
    async connect(): Promise<Broker> {
      const channel = new HeldChannel();
      channels.add(channel);
      hub.add(channel.hub);
      const broker = await connectToHub({ port: channel.client });
      const close = broker.close.bind(broker);
      broker.close = () => {
        channels.delete(channel);
        return close();
      };
      return broker;
    },
    async interrupt() {
      for (const channel of channels) channel.hold();
      await vi.advanceTimersByTimeAsync(2 * TIMEOUT);
    },
    restore() {
      for (const channel of channels) channel.release();
      return Promise.resolve();
    },
    hasHistory: history,
  };
  for (const { title, run } of brokerContract(harness)) test(title, run);

  test('is noticed: what is under way rejects, later messages wait, and subscribers miss nothing that a history has', async () => {
    const interruptions: unknown[] = [];
    const here = new Topics({
      broker: await harness.connect(),
      maxQueued: 1000,
      onInterrupted: ({ cause }) => interruptions.push(cause),
    });
    const there = new Topics({ broker: hub.broker() });
    onTestFinished(async () => {
      for (const topics of [here, there]) await topics.close();
    });
    const [near, far] = [heldConnection(), heldConnection()];
    await here.subscribe(near.ws, 'news');
    await there.subscribe(far.ws, 'news');
    for (const channel of channels) channel.hold();
    const underWay = expect(here.publish('news', 'under way')).rejects.toMatchObject({
      code: 'WS_ERR_BROKER_UNREACHABLE',
    });
    await vi.advanceTimersByTimeAsync(2 * TIMEOUT);
    await underWay;
    expect(interruptions).toEqual([new Error('The broker has not answered for 10000 ms')]);
    await there.publish('news', 'from there');
    const waiting = here.publish('news', 'waits');
    for (const channel of channels) channel.release();
    await waiting;
    expect(await textsOf(far, 3)).toEqual(['from there', 'under way', 'waits']);
    expect(await textsOf(near, history ? 3 : 2)).toEqual(
      history ? ['from there', 'under way', 'waits'] : ['under way', 'waits'],
    );
    for (let pings = 0; pings < 5; pings++) {
      await vi.advanceTimersByTimeAsync(TIMEOUT);
      // The hub answers in order, so it has also answered the ping.
      await here.publish('other', 'now');
    }
    expect(interruptions).toHaveLength(1);
  });
});

describe('A worker that does not read', () => {
  const LIMIT = 2000;

  async function start(options: TopicHubOptions) {
    const hub = new TopicHub({ maxBufferedAmount: LIMIT, ...options });
    const { port1, port2 } = new MessageChannel();
    const sent = vi.spyOn(port1, 'postMessage');
    hub.add(port1);
    port1.unref();
    const reports: string[] = [];
    const topics = new Topics({
      broker: await connectToHub({ port: port2 }),
      onInterrupted: (error) => reports.push((error.cause as Error).message),
      onRestored: () => reports.push('restored'),
      onMissed: (topic) => reports.push(`missed ${topic}`),
    });
    const publisher = new Topics({ broker: hub.broker() });
    onTestFinished(async () => {
      for (const each of [topics, publisher]) await each.close();
    });
    const one = heldConnection();
    await topics.subscribe(one.ws, 'news');
    return { publisher, one, reports, sent };
  }

  const REPORTS = ['This worker has left more messages unread than the hub allows', 'restored'];

  test('is sent no more than the limit, and then misses nothing that the history has', async () => {
    const { publisher, one, reports, sent } = await start({ history: true });
    const before = sent.mock.calls.length;
    const published = texts(1000).map((text) => publisher.publish('news', text));
    await Promise.all(published);
    const bytes = sent.mock.calls.slice(before).map(([message]) => JSON.stringify(message).length);
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(5 * LIMIT);
    expect(await textsOf(one, 1000)).toEqual(texts(1000));
    expect(reports).toEqual(REPORTS);
  });

  test('misses messages without a history, and receives later ones', async () => {
    const { publisher, one, reports } = await start({});
    await Promise.all(texts(1000).map((text) => publisher.publish('news', text)));
    while (reports.length < 2) await turn();
    await turn();
    const { length } = one.texts;
    expect(length).toBeLessThan(LIMIT / 100);
    await publisher.publish('news', 'later');
    expect(await textsOf(one, length + 1)).toEqual([...texts(length), 'later']);
    expect(reports).toEqual(REPORTS);
  });

  test('is not interrupted while it reads, and is again when it stops', async () => {
    const { publisher, one, reports } = await start({ history: true });
    // The first messages may still be unread when the next ones are sent.
    for (let first = 0; first < 1000; first += 5) {
      await Promise.all(texts(5, first).map((text) => publisher.publish('news', text)));
      await textsOf(one, first + 5);
    }
    expect(reports).toEqual([]);
    for (let round = 1; round <= 2; round++) {
      await Promise.all(texts(1000, 1000 * round).map((text) => publisher.publish('news', text)));
      await textsOf(one, 1000 * round + 1000);
    }
    expect(one.texts).toEqual(texts(3000));
    expect(reports).toEqual([...REPORTS, ...REPORTS]);
  });
});

test('a broker whose channel has closed stays unreachable until it is closed', async () => {
  const hub = new TopicHub();
  const { port1, port2 } = new MessageChannel();
  hub.add(port1);
  const broker = await connectToHub({ port: port2 });
  const interrupted = new Promise<Error>((resolve) => {
    broker.listen({ message: () => {}, interrupted: resolve, restored: () => {} });
  });
  port1.close();
  expect(await interrupted).toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE', cause: expect.any(Error) });
  await expect(broker.subscribe('news')).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' });
  await broker.close();
  await expect(broker.subscribe('news')).rejects.toThrow(new BrokerError('WS_ERR_BROKER_CLOSED'));
});

/** Starts a hub, and a broker that reaches it through a port. `port` is that of the hub. */
async function startWithPort(
  options: TopicHubOptions,
): Promise<{ hub: TopicHub; port: MessagePort; broker: Broker }> {
  const { port1: port, port2 } = new MessageChannel();
  const hub = new TopicHub(options);
  hub.add(port);
  port.unref();
  const broker = await connectToHub({ port: port2 });
  onTestFinished(() => broker.close());
  return { hub, port, broker };
}

test('a long history arrives in several answers', async () => {
  const { port, broker } = await startWithPort({ history: { messages: 2000 } });
  const lengths = [1, 0, 50, 75, 75, 250, 50].map((length) => 1024 * length);
  const positions = await Promise.all(
    lengths.map((length) => broker.publish('news', new Uint8Array(length))),
  );
  const sent = vi.spyOn(port, 'postMessage');
  for (const [index, position] of positions.entries()) {
    const { position: newest, messages } = await broker.history('news', position!);
    expect(newest).toEqual(positions.at(-1));
    expect(messages!.map(({ data }) => data.length)).toEqual(lengths.slice(index + 1));
  }
  // 0 + 50 + 75 KiB are one answer, and 75 + 75 are too long.
  expect(sent).toHaveBeenCalledTimes(4 + 4 + 4 + 3 + 2 + 1 + 1);
  const [first] = await Promise.all(texts(2000).map(() => broker.publish('short', new Uint8Array())));
  sent.mockClear();
  expect((await broker.history('short', { ...first!, offset: 1000 })).messages).toHaveLength(1000);
  expect((await broker.history('short', first!)).messages).toHaveLength(1999);
  // An empty message counts too.
  expect(sent).toHaveBeenCalledTimes(1 + 2);
});

test('a history ends even if messages are published faster than it is read', async () => {
  const { hub, port, broker } = await startWithPort({ history: true });
  const publisher = hub.broker();
  const long = new Uint8Array(200 * 1024);
  const start = await publisher.publish('news', long);
  for (let i = 0; i < 3; i++) await publisher.publish('news', long);
  const post = port.postMessage.bind(port);
  let answers = 0;
  port.postMessage = (message) => {
    if (++answers < 20) void publisher.publish('news', long);
    post(message);
  };
  const { position, messages } = await broker.history('news', start!);
  expect(messages!.map(({ offset }) => offset)).toEqual([2, 3, 4]);
  expect(position).toEqual({ ...start, offset: 4 });
  // The next message is not lost.
  expect((await broker.history('news', position)).messages![0]!.offset).toBe(5);
});

test('requests one history after the other, so that the hub never holds many answers', async () => {
  const { port, broker } = await startWithPort({ history: true });
  const position = await broker.publish('news', new Uint8Array(1));
  await broker.publish('news', new Uint8Array(2));
  // Answers of one turn are sent together.
  const sent = vi.spyOn(port, 'postMessage');
  const histories = await Promise.all(Array.from({ length: 5 }, () => broker.history('news', position!)));
  expect(histories.map(({ messages }) => messages?.length)).toEqual([1, 1, 1, 1, 1]);
  expect(sent).toHaveBeenCalledTimes(5);
});

test('a history of Infinity milliseconds does not expire, and any other does', async () => {
  const kept = await Promise.all(
    [Infinity, 1000].map(async (milliseconds) => {
      const broker = new TopicHub({ history: { milliseconds } }).broker();
      const start = (await broker.subscribe('news'))!;
      await broker.publish('news', new Uint8Array(1));
      await vi.advanceTimersByTimeAsync(2 ** 32);
      return (await broker.history('news', start)).messages?.length;
    }),
  );
  expect(kept).toEqual([1, undefined]);
});

test.each([0, -1, Number.NaN])('options that are not above 0 are rejected: %d', async (value) => {
  expect(() => new TopicHub({ maxBufferedAmount: value })).toThrow(RangeError);
  await expect(connectToHub({ timeout: value })).rejects.toThrow(RangeError);
});
