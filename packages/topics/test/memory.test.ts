// What a subscription takes, and that nothing stays when it ends.
import { WebSocketConnection } from '@framewire/connection';
import { collectGarbage } from '@framewire/testing';
import { Topics } from '@framewire/topics';
import { expect, test } from 'vitest';

/** The subscribers of each topic. */
const SUBSCRIBERS = 10;
/** The bytes that a subscription may take, with its share of what the topic and the connection take. */
const LIMIT = 150;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('a subscription takes at most 150 bytes, and nothing stays when it ends', () => {
  const [topicCount, connectionCount] = [10_000, 1000];
  const connections = Array.from({ length: connectionCount }, () => new WebSocketConnection());
  const names = Array.from({ length: topicCount }, (_, id) => `room:${id}:messages`);
  const topics = new Topics();
  const subscribe = (id: number): void => {
    for (let i = 0; i < SUBSCRIBERS; i++) {
      void topics.subscribe(connections[(id * 7919 + i * 211) % connectionCount]!, names[id]!);
    }
  };
  // What the engine makes with the first calls is not a part of it.
  subscribe(0);
  const before = heapUsed();
  for (let id = 1; id < topicCount; id++) subscribe(id);
  const after = heapUsed();
  expect(topics.subscriberCount(names.at(-1)!)).toBe(SUBSCRIBERS);
  const perSubscription = (after - before) / ((topicCount - 1) * SUBSCRIBERS);
  expect(perSubscription).toBeLessThan(LIMIT);
  expect(perSubscription).toBeGreaterThan(16);
  for (const ws of connections) for (const name of topics.subscriptions(ws)) topics.unsubscribe(ws, name);
  // Not nothing: hash tables of the engine shrink in steps.
  expect(heapUsed() - before).toBeLessThan((after - before) / 10);
});
