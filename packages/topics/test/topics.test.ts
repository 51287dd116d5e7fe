// Topics within one process: subscriptions, and the receivers of a message.
import { once } from 'node:events';
import { PreparedMessage, WebSocketConnection } from '@framewire/connection';
import { Topics } from '@framewire/topics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrowd, type Member } from './support/crowd.ts';
import { heldConnection } from './support/held-connection.ts';

const texts = (length: number): string[] => Array.from({ length }, (_, id) => `message ${id}`);

describe('subscriptions', () => {
  test('match all names exactly', () => {
    const topics = new Topics();
    const { ws } = heldConnection();
    const names = ['news', 'news/*', '', '__proto__', 'constructor', 'Ünïcode'];
    for (const name of names) void topics.subscribe(ws, name);
    expect(topics.subscriptions(ws)).toEqual(names);
    for (const name of names) expect([name, topics.subscriberCount(name)]).toEqual([name, 1]);
    for (const name of ['news/1', 'News', '*', 'toString']) {
      expect([name, topics.isSubscribed(ws, name), topics.subscriberCount(name)]).toEqual([name, false, 0]);
    }
  });

  test('are counted once, however often a connection subscribes', async () => {
    const topics = new Topics();
    const one = heldConnection();
    void topics.subscribe(one.ws, 'news');
    void topics.subscribe(one.ws, 'news');
    expect(topics.subscriberCount('news')).toBe(1);
    await topics.publish('news', 'once');
    await one.release();
    expect(one.texts).toEqual(['once']);
    expect(topics.unsubscribe(one.ws, 'news')).toBe(true);
    expect(topics.unsubscribe(one.ws, 'news')).toBe(false);
    expect([topics.isSubscribed(one.ws, 'news'), topics.subscriptions(one.ws)]).toEqual([false, []]);
  });

  test('of one instance have no effect on another', () => {
    const [first, second] = [new Topics(), new Topics()];
    const { ws } = heldConnection();
    void first.subscribe(ws, 'news');
    expect(second.isSubscribed(ws, 'news')).toBe(false);
  });

  test('stay correct while connections subscribe and leave in any order', () => {
    const topics = new Topics();
    const connections = Array.from({ length: 7 }, () => new WebSocketConnection());
    const names = ['a', 'b', 'c', 'd', 'e'];
    const wanted = new Map(connections.map((ws) => [ws, new Set<string>()]));
    // The period of the generator is longer than the loop, so that subscribing and leaving mix in many ways.
    for (let step = 0, state = 1; step < 5000; step++) {
      state = (state * 48_271) % 2_147_483_647;
      const ws = connections[state % connections.length]!;
      const name = names[(state >> 8) % names.length]!;
      if ((state >> 16) % 2 === 0) {
        void topics.subscribe(ws, name);
        wanted.get(ws)!.add(name);
      } else expect(topics.unsubscribe(ws, name)).toBe(wanted.get(ws)!.delete(name));
    }
    for (const [ws, own] of wanted) expect(new Set(topics.subscriptions(ws))).toEqual(own);
    for (const name of names) {
      const count = [...wanted.values()].filter((own) => own.has(name)).length;
      expect([name, topics.subscriberCount(name)]).toEqual([name, count]);
    }
  });

  test('end with the connection, and the last one to end removes the listener of `close`', async () => {
    const topics = new Topics();
    const [leaving, closing, staying] = [heldConnection().ws, heldConnection().ws, heldConnection().ws];
    for (const ws of [leaving, closing, staying]) {
      for (const name of ['one', 'two']) void topics.subscribe(ws, name);
      expect(ws.listenerCount('close')).toBe(1);
    }
    topics.unsubscribe(leaving, 'one');
    topics.unsubscribe(leaving, 'two');
    expect(leaving.listenerCount('close')).toBe(0);
    const closed = once(closing, 'close');
    closing.terminate();
    await closed;
    expect(topics.subscriptions(closing)).toEqual([]);
    expect([topics.subscriberCount('one'), topics.subscriberCount('two')]).toEqual([1, 1]);
    void topics.subscribe(closing, 'one');
    expect(topics.isSubscribed(closing, 'one')).toBe(false);
  });

  test('of a closed connection whose listeners were removed end with the next message', async () => {
    const topics = new Topics();
    const [gone, here] = [heldConnection(), heldConnection()];
    for (const { ws } of [gone, here]) for (const name of ['one', 'two']) void topics.subscribe(ws, name);
    gone.ws.removeAllListeners();
    const closed = once(gone.ws, 'close');
    gone.ws.terminate();
    await closed;
    expect(topics.subscriberCount('one')).toBe(2);
    await topics.publish('one', 'still here?');
    await here.release();
    expect(here.texts).toEqual(['still here?']);
    expect([topics.subscriberCount('one'), topics.subscriberCount('two')]).toEqual([1, 1]);
  });

  test('reject a topic that is not a string', async () => {
    const topics = new Topics();
    const { ws } = heldConnection();
    await expect(topics.subscribe(ws, 5 as unknown as string)).rejects.toThrow(TypeError);
    expect(topics.subscriptions(ws)).toEqual([]);
  });
});

describe('a message', () => {
  let crowd: Awaited<ReturnType<typeof startCrowd>>;
  let members: [Member, Member, Member, Member];

  beforeAll(async () => {
    crowd = await startCrowd(4, { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true } });
    members = crowd.members as typeof members;
  });
  afterAll(() => crowd.stop());

  test('goes to the subscribers of its topic, except the one that `except` names', async () => {
    const topics = new Topics();
    const [a, b, c, d] = members;
    for (const { ws } of [a, b, c]) void topics.subscribe(ws, 'news');
    void topics.subscribe(d.ws, 'weather');
    await topics.publish('nothing', 'nobody listens');
    await topics.publish('news', 'to three');
    await topics.publish('news', 'to two', { except: a.ws });
    await topics.publish('weather', Buffer.from('to one'));
    await topics.publish('weather', Buffer.from('as text'), { binary: false });
    for (const { ws } of members) ws.send('end');
    expect(await a.until(2)).toEqual(['to three', 'end']);
    expect(await b.until(3)).toEqual(['to three', 'to two', 'end']);
    expect(await c.until(3)).toEqual(['to three', 'to two', 'end']);
    expect(await d.until(3)).toEqual([Buffer.from('to one'), 'as text', 'end']);
    for (const { received } of members) received.length = 0;
  });

  test('keeps its order among other messages of the connection', async () => {
    const topics = new Topics();
    for (const { ws } of members) void topics.subscribe(ws, 'news');
    const sent = texts(60);
    for (const [id, text] of sent.entries()) {
      // The direct sends differ in their options, so that some wait for a compressor and some do not.
      if (id % 3 === 0) void topics.publish('news', text, { compress: id % 2 === 0 });
      else for (const { ws } of members) ws.send(text, { compress: id % 3 === 1 });
    }
    for (const member of members) expect(await member.until(60)).toEqual(sent);
    for (const { received } of members) received.length = 0;
  });

  test('is compressed once for all connections that have negotiated the same parameters', async () => {
    const topics = new Topics();
    for (const { ws } of members) void topics.subscribe(ws, 'news');
    const before = members.map(({ ws }) => ws.compression!.sent);
    const text = 'once for all '.repeat(1000);
    await topics.publish('news', text);
    for (const member of members) expect(await member.until(1)).toEqual([text]);
    const after = members.map(({ ws }) => ws.compression!.sent);
    expect(after.map(({ messages }, i) => messages - before[i]!.messages)).toEqual([1, 1, 1, 1]);
    // The connection for which the message was compressed counts the time.
    expect(after.filter(({ milliseconds }, i) => milliseconds > before[i]!.milliseconds)).toHaveLength(1);
    await topics.publish('news', text, { compress: false });
    for (const member of members) expect(await member.until(2)).toEqual([text, text]);
    expect(members.map(({ ws }, i) => ws.compression!.sent.messages - after[i]!.messages)).toEqual([
      0, 0, 0, 0,
    ]);
    for (const { received } of members) received.length = 0;
  });
});

describe('publishing', () => {
  test('makes one message for all subscribers, so that it is framed once', async () => {
    const topics = new Topics();
    const sent: unknown[] = [];
    for (const { ws } of Array.from({ length: 3 }, () => heldConnection())) {
      ws.send = (data: unknown) => void sent.push(data);
      void topics.subscribe(ws, 'news');
    }
    await topics.publish('news', 'hello');
    expect(sent).toHaveLength(3);
    expect(sent[0]).toBeInstanceOf(PreparedMessage);
    expect(new Set(sent).size).toBe(1);
  });

  test('writes the messages of a turn to each connection in one write', async () => {
    const topics = new Topics();
    const connections = Array.from({ length: 3 }, () => heldConnection());
    for (const { ws } of connections) {
      void topics.subscribe(ws, 'a');
      void topics.subscribe(ws, 'b');
    }
    for (const text of texts(10)) void topics.publish(text.endsWith('3') ? 'b' : 'a', text);
    for (const one of connections) await one.release();
    for (const one of connections) {
      expect(one.texts).toEqual(texts(10));
      expect(one.writes).toHaveLength(1);
    }
  });

  test('keeps the order of several topics, for subscribers of some, that leave or close in between', async () => {
    const topics = new Topics();
    const connections = Array.from({ length: 5 }, () => heldConnection());
    const [both, onlyA, onlyB, leaving, closing] = connections.map(({ ws }) => ws);
    for (const ws of [both, onlyA, leaving, closing]) void topics.subscribe(ws!, 'a');
    for (const ws of [both, onlyB, leaving, closing]) void topics.subscribe(ws!, 'b');
    void topics.publish('a', 'a1');
    void topics.publish('b', 'b1');
    topics.unsubscribe(leaving!, 'b');
    onlyA!.send('own');
    closing!.close();
    void topics.publish('b', 'b2');
    void topics.publish('a', 'a2');
    for (const one of connections) await one.release();
    expect(connections.map((one) => one.texts)).toEqual([
      ['a1', 'b1', 'b2', 'a2'],
      ['a1', 'own', 'a2'],
      ['b1', 'b2'],
      ['a1', 'b1', 'a2'],
      // The last is the close frame, which is empty.
      ['a1', 'b1', ''],
    ]);
    for (const one of connections) expect(one.writes).toHaveLength(1);
  });

  test('copies bytes', async () => {
    const topics = new Topics();
    const one = heldConnection();
    void topics.subscribe(one.ws, 'news');
    const bytes = Buffer.from('before');
    void topics.publish('news', bytes);
    bytes.fill('x');
    await one.release();
    expect(one.texts).toEqual(['before']);
  });

  test('skips connections that are not open, and reaches those after one that throws', async () => {
    const topics = new Topics();
    const [connecting, throwing, closing, open] = [
      new WebSocketConnection(),
      heldConnection().ws,
      heldConnection(),
      heldConnection(),
    ];
    for (const ws of [connecting, throwing, closing.ws, open.ws]) void topics.subscribe(ws, 'news');
    throwing.send = () => {
      throw new RangeError('no memory');
    };
    closing.ws.close();
    await expect(topics.publish('news', 'hello')).rejects.toThrow('no memory');
    await open.release();
    expect(open.texts).toEqual(['hello']);
    expect(closing.ws.bufferedAmount).toBe(0);
    expect(topics.subscriberCount('news')).toBe(4);
  });

  test('rejects data that cannot be prepared', async () => {
    const topics = new Topics();
    const { ws } = heldConnection();
    void topics.subscribe(ws, 'news');
    await expect(topics.publish('news', new Blob(['x']))).rejects.toThrow(TypeError);
    await expect(topics.publish('news', Symbol('x') as unknown as string)).rejects.toThrow(TypeError);
  });

  test('sends once to each subscriber that it starts with, even if a send() subscribes and unsubscribes some', async () => {
    const topics = new Topics();
    const connections = Array.from({ length: 6 }, () => heldConnection());
    const late = heldConnection();
    const [first, , third, , , last] = connections.map(({ ws }) => ws);
    for (const { ws } of connections) void topics.subscribe(ws, 'news');
    const send = third!.send.bind(third!);
    third!.send = (data: string) => {
      send(data);
      topics.unsubscribe(first!, 'news');
      topics.unsubscribe(last!, 'news');
      void topics.subscribe(first!, 'news');
      void topics.subscribe(late.ws, 'news');
      void topics.publish('inner', 'inner');
    };
    void topics.subscribe(connections[1]!.ws, 'inner');
    await topics.publish('news', 'hello');
    for (const one of [...connections, late]) await one.release();
    expect(connections.map((one) => one.texts)).toEqual([
      ['hello'],
      ['hello', 'inner'],
      ['hello'],
      ['hello'],
      ['hello'],
      [],
    ]);
    expect(late.texts).toEqual([]);
    expect(topics.subscriberCount('news')).toBe(6);
  });

  test('leaves slow subscribers to the limits of their connection', async () => {
    const topics = new Topics();
    const slow = heldConnection({ maxBufferedAmount: 100, onBufferFull: 'drop' });
    const fast = heldConnection({ maxBufferedAmount: 100, onBufferFull: 'drop' });
    const dropped: unknown[] = [];
    slow.ws.on('dropped', (data) => dropped.push(data));
    for (const { ws } of [slow, fast]) void topics.subscribe(ws, 'news');
    slow.hold();
    for (const text of texts(200)) {
      await topics.publish('news', text);
      await fast.release();
    }
    expect(fast.texts).toEqual(texts(200));
    expect(dropped.length).toBeGreaterThan(100);
    await slow.release();
    expect(slow.texts).toHaveLength(200 - dropped.length);
  });
});
