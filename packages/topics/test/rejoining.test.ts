// After an interruption, a server joins its topics again, some at a time.
import { setImmediate as turn } from 'node:timers/promises';
import { Topics } from '@framewire/topics';
import { TopicHub, type TopicHubOptions } from '@framewire/topics/processes';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BreakableEngine } from './support/breakable-broker.ts';
import { heldConnection } from './support/held-connection.ts';
import { LateBroker } from './support/late-broker.ts';

const MOST_REJOINING = 256;
const NAMES = Array.from({ length: 1000 }, (_, id) => `topic ${id}`);
const LAST = NAMES.at(-1)!;

/** A server whose broker can be late, and another server at the same engine. */
async function start(options: TopicHubOptions = {}) {
  const hub = new TopicHub(options);
  const engine = new BreakableEngine(() => hub.broker());
  const broker = new LateBroker(await engine.connect());
  const here = new Topics({ broker });
  const there = new Topics({ broker: await engine.connect() });
  onTestFinished(async () => {
    for (const topics of [here, there]) await topics.close();
  });
  const { ws, texts } = heldConnection();
  const subscribe = (names: readonly string[]) => Promise.all(names.map((name) => here.subscribe(ws, name)));
  return { engine, broker, here, there, ws, texts, subscribe };
}

test.each([false, { messages: 1 }])(
  'all topics receive what both servers publish afterwards (history: %j)',
  async (history) => {
    const { engine, broker, here, there, texts, subscribe } = await start({ history });
    await subscribe(NAMES.slice(0, 900));
    await engine.interrupt();
    // Their positions are not known until they join.
    await subscribe(NAMES.slice(900));
    let [pending, most] = [0, 0];
    const ask = broker.subscribe.bind(broker);
    broker.subscribe = async (topic) => {
      most = Math.max(most, ++pending);
      const answer = ask(topic);
      await turn();
      pending--;
      return answer;
    };
    await engine.restore();
    const expected = NAMES.flatMap((name) => ['one', 'two', 'three'].map((text) => `${name} ${text}`));
    const published = NAMES.flatMap((name) => [
      here.publish(name, `${name} one`),
      here.publish(name, `${name} two`),
    ]);
    await subscribe(NAMES);
    // Without a history, a subscription is all that a topic needs.
    expect(most).toBe(history === false ? NAMES.length : MOST_REJOINING);
    await Promise.all(published);
    await Promise.all(NAMES.map((name) => there.publish(name, `${name} three`)));
    while (texts.length < expected.length) await turn();
    expect(texts.toSorted()).toEqual(expected.toSorted());
  },
);

test('a topic that is left before its turn is neither joined nor left at the broker', async () => {
  const { engine, broker, here, ws, subscribe } = await start({ history: true });
  await subscribe(NAMES);
  await engine.interrupt();
  broker.hold('subscribe');
  await engine.restore();
  engine.calls.length = 0;
  const waiting = subscribe([LAST]);
  here.unsubscribe(ws, LAST);
  await waiting;
  broker.release('subscribe');
  await subscribe(NAMES.slice(0, -1));
  const calls = engine.calls.filter((call) => call.includes('subscribe'));
  expect(calls).toEqual(NAMES.slice(0, -1).map((name) => `subscribe ${name}`));
});

test('an interruption ends the wait of topics, and they join from the first one again', async () => {
  const { engine, broker, subscribe } = await start({ history: true });
  await subscribe(NAMES);
  await engine.interrupt();
  broker.hold('subscribe');
  const ask = vi.spyOn(broker, 'subscribe');
  await engine.restore();
  let isOver = false;
  const waiting = subscribe([LAST]).then(() => (isOver = true));
  await turn();
  expect(isOver).toBe(false);
  await engine.interrupt();
  await waiting;
  await engine.restore();
  expect(ask).toHaveBeenCalledTimes(2 * MOST_REJOINING);
  broker.release('subscribe');
  broker.hold('subscribe');
  await turn();
  // Those that were asked for before the second interruption do not lead to more.
  expect(ask).toHaveBeenCalledTimes(3 * MOST_REJOINING);
  broker.release('subscribe');
  await subscribe(NAMES);
  const asked = ask.mock.calls.slice(MOST_REJOINING).map(([topic]) => topic);
  expect(asked).toEqual(NAMES);
});
