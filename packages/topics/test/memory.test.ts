// The memory that a subscription takes, and frees when it ends.
import { WebSocketConnection } from '@framewire/connection';
import { collectGarbage } from '@framewire/testing';
import { Topics } from '@framewire/topics';
import { expect, test } from 'vitest';

/** The subscribers of each topic. */
const SUBSCRIBERS = 10;
/** The bytes that a subscription may take, including its share of the topic and of the connection. */
const LIMIT = 150;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('a subscription takes at most 150 bytes, and frees them when it ends', () => {
  const [topicCount, connectionCount] = [10_000, 1000];
  const connections = Array.from({ length: connectionCount }, () => new WebSocketConnection());
  const names = Array.from({ length: topicCount }, (_, id) => `room:${id}:messages`);
  const topics = new Topics();
  const subscribe = (id: number): void => {
    for (let i = 0; i < SUBSCRIBERS; i++) {
      void topics.subscribe(connections[(id * 7919 + i * 211) % connectionCount]!, names[id]!);
    }
  };
  // Objects that V8 allocates in the first calls do not count.
  subscribe(0);
  const before = heapUsed();
  for (let id = 1; id < topicCount; id++) subscribe(id);
  const after = heapUsed();
  expect(topics.subscriberCount(names.at(-1)!)).toBe(SUBSCRIBERS);
  const perSubscription = (after - before) / ((topicCount - 1) * SUBSCRIBERS);
  expect(perSubscription).toBeLessThan(LIMIT);
  expect(perSubscription).toBeGreaterThan(16);
  for (const ws of connections) for (const name of topics.subscriptions(ws)) topics.unsubscribe(ws, name);
  // Not 0, because hash tables of V8 shrink in steps.
  expect(heapUsed() - before).toBeLessThan((after - before) / 10);
});
