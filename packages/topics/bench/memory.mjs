// The memory of a subscription, and the time to subscribe and to leave, for 100,000 topics with 10 subscribers each. Run after a build:
//   node --expose-gc packages/topics/bench/memory.mjs
/* eslint-disable no-console -- its purpose is to print figures */
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { WebSocketConnection } from '@framewire/connection';
import { Topics } from '@framewire/topics';

const TOPICS = 100_000;
const SUBSCRIBERS = 10;
const nameOf = (id) => `room:${id}:messages`;

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Returns the processor time of one call, where `run` makes this many calls. */
function timed(calls, run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return `${Math.round(((user + system) * 1000) / calls)} ns`;
}

for (const count of [100, 1000, 10_000, 100_000]) {
  const connections = Array.from({ length: count }, () => new WebSocketConnection());
  const topics = new Topics();
  const subscriptions = TOPICS * SUBSCRIBERS;
  const before = heapUsed();
  const subscribing = timed(subscriptions, () => {
    for (let id = 0; id < subscriptions; id++) {
      const topic = Math.floor(id / SUBSCRIBERS);
      topics.subscribe(connections[(topic * 7919 + id) % count], nameOf(topic));
    }
  });
  const bytes = (heapUsed() - before) / subscriptions;
  const leaving = timed(subscriptions, () => {
    // The same happens when connections close, except for the time that closing takes.
    for (const ws of connections) ws.emit('close', 1000, Buffer.alloc(0));
  });
  const left = (heapUsed() - before) / subscriptions;
  console.log(
    `${count} connections: ${bytes.toFixed(1)} bytes a subscription, then ${left.toFixed(1)}; ` +
      `subscribe ${subscribing}, leave ${leaving}`,
  );
}
