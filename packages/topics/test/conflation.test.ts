// Conflation: subscribers that have fallen behind receive only the newest messages.
import { once } from 'node:events';
import { Topics } from '@framewire/topics';
import { describe, expect, test } from 'vitest';
import { heldConnection } from './support/held-connection.ts';

/** Returns a connection that has fallen behind: more bytes wait than its `highWaterMark`. */
async function behind(topics: Topics, ...names: string[]): Promise<ReturnType<typeof heldConnection>> {
  const one = heldConnection({ highWaterMark: 4 });
  for (const name of names) void topics.subscribe(one.ws, name);
  one.hold();
  one.ws.send('ahead');
  await new Promise(setImmediate);
  expect(one.ws.writableNeedDrain).toBe(true);
  return one;
}

describe('with conflate, a subscriber that has fallen behind receives', () => {
  test('the newest message once it drains, while the others receive all', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price');
    const fast = heldConnection();
    void topics.subscribe(fast.ws, 'price');
    for (const price of ['1', '2', '3']) {
      await topics.publish('price', price, { conflate: true });
      await fast.release();
    }
    await slow.release();
    expect(fast.texts).toEqual(['1', '2', '3']);
    expect(slow.texts).toEqual(['ahead', '3']);
    await topics.publish('price', '4', { conflate: true });
    await slow.release();
    expect(slow.texts).toEqual(['ahead', '3', '4']);
  });

  test('the newest message for each key of each topic, in the order in which they were published', async () => {
    const topics = new Topics();
    // These keys would be the same if topic and key were concatenated without the length.
    const slow = await behind(topics, 'a', 'a:b', '3:a');
    const publish = (topic: string, text: string, conflate: string | true): void =>
      void topics.publish(topic, text, { conflate });
    publish('a', 'a, key b:c, old', 'b:c');
    publish('a:b', 'a:b, key c', 'c');
    publish('a', 'a, true', true);
    publish('a', 'a, empty key', '');
    publish('3:a', '3:a, true', true);
    publish('a', 'a, key true', 'true');
    publish('a', 'a, key b:c, new', 'b:c');
    const newest = ['a:b, key c', 'a, true', 'a, empty key', '3:a, true', 'a, key true', 'a, key b:c, new'];
    // A connection that drains sends as much as fits, and then waits again.
    for (let round = 0; round < newest.length; round++) await slow.release();
    expect(slow.texts).toEqual(['ahead', ...newest]);
  });

  test('messages in order when one is published between the drain and the sending of those that wait', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price');
    void topics.publish('price', '1', { conflate: true });
    slow.ws.once('drain', () => void topics.publish('price', '2', { conflate: true }));
    await slow.release();
    expect(slow.texts).toEqual(['ahead', '2']);
  });

  test('messages without conflate immediately, before those that wait', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price');
    void topics.publish('price', '1', { conflate: true });
    void topics.publish('price', 'plain');
    void topics.publish('price', '2', { conflate: true });
    await slow.release();
    expect(slow.texts).toEqual(['ahead', 'plain', '2']);
  });

  test('nothing of a topic that it has left', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price', 'cursor');
    void topics.publish('price', 'price', { conflate: true });
    void topics.publish('cursor', 'cursor', { conflate: 'alice' });
    topics.unsubscribe(slow.ws, 'price');
    await slow.release();
    expect(slow.texts).toEqual(['ahead', 'cursor']);
    void topics.subscribe(slow.ws, 'price');
    void topics.publish('price', 'again', { conflate: true });
    await slow.release();
    expect(slow.texts).toEqual(['ahead', 'cursor', 'again']);
  });

  test('nothing when its connection ends first', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price');
    void topics.publish('price', '1', { conflate: true });
    const closed = once(slow.ws, 'close');
    slow.ws.terminate();
    await closed;
    await slow.release();
    expect(topics.subscriberCount('price')).toBe(0);
  });

  test('all messages when the program has replaced the properties that conflation reads', async () => {
    const topics = new Topics();
    const slow = await behind(topics, 'price');
    Object.assign(slow.ws, { drained: true });
    for (const price of ['1', '2']) void topics.publish('price', price, { conflate: true });
    await slow.release();
    expect(slow.texts).toEqual(['ahead', '1', '2']);
  });
});
