// With a history: the connection that `except` names never receives the message, whatever happens until the message arrives.
import { setImmediate as turn } from 'node:timers/promises';
import { collectGarbage } from '@framewire/testing';
import { Topics, type Broker, type TopicsOptions } from '@framewire/topics';
import { TopicHub } from '@framewire/topics/processes';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { heldConnection, type HeldConnection } from './support/held-connection.ts';
import { LateBroker } from './support/late-broker.ts';

const encode: TopicsOptions['encode'] = (data, { offset }) => `${offset} ${data.toString()}`;
const HISTORY = { messages: 4 };

/** A server whose engine the test interrupts, and another server at the same engine. */
function start() {
  const hub = new TopicHub({ history: HISTORY });
  const broker = new LateBroker(hub.broker());
  const missed: string[] = [];
  const here = topicsAt(broker, { maxQueued: 1000, onMissed: (topic) => missed.push(topic) });
  const there = topicsAt(hub.broker());
  return { broker, missed, here, there, one: heldConnection(), two: heldConnection() };
}

function topicsAt(broker: Broker, options: TopicsOptions = {}): Topics {
  const topics = new Topics({ broker, encode, ...options });
  onTestFinished(() => topics.close());
  return topics;
}

/** Makes the engine unreachable. It forgets the subscription to `news`. */
async function interrupt(broker: LateBroker): Promise<void> {
  broker.listener!.interrupted(new Error('on purpose'));
  await broker.unsubscribe('news');
}

/** Makes another engine reachable, which has neither the messages nor the subscriptions. */
function restoreAnother(broker: LateBroker): Broker {
  const another = new TopicHub({ history: HISTORY }).broker();
  another.listen({
    message: (...message) => broker.listener!.message(...message),
    interrupted: vi.fn<() => void>(),
    restored: vi.fn<() => void>(),
  });
  broker.replace(another);
  broker.listener!.restored();
  return another;
}

async function textsOf({ texts }: HeldConnection, count: number): Promise<readonly string[]> {
  while (texts.length < count) await turn();
  return texts;
}

/** Whether nothing refers to a connection any longer. */
async function isForgotten(connection: WeakRef<object>): Promise<boolean> {
  // A reference that is read stays until the end of the turn.
  await turn();
  collectGarbage();
  return connection.deref() === undefined;
}

describe('A connection does not receive the message that excepts it', () => {
  test('when the message waits for an engine that begins a new epoch', async () => {
    const { broker, missed, here, one, two } = start();
    for (const { ws } of [one, two]) await here.subscribe(ws, 'news');
    await here.publish('news', 'before');
    await textsOf(two, 1);
    await interrupt(broker);
    const published = [
      here.publish('news', 'a', { except: one.ws }),
      here.publish('news', 'b'),
      here.publish('news', 'c', { except: two.ws }),
      here.publish('news', 'd', { except: one.ws }),
    ];
    restoreAnother(broker);
    await Promise.all(published);
    expect(await textsOf(two, 4)).toEqual(['1 before', '1 a', '2 b', '4 d']);
    expect(await textsOf(one, 3)).toEqual(['1 before', '2 b', '3 c']);
    expect(missed).toEqual(['news']);
  });

  test('when the message arrives after others that have been removed from the history', async () => {
    const { broker, missed, here, there, one, two } = start();
    for (const { ws } of [one, two]) await here.subscribe(ws, 'news');
    await interrupt(broker);
    const published = [1, 2].map((id) => here.publish('news', `waits ${id}`, { except: one.ws }));
    await Promise.all(
      Array.from({ length: 3 * HISTORY.messages }, (_, id) => there.publish('news', `lost ${id}`)),
    );
    broker.listener!.restored();
    await Promise.all(published);
    await here.publish('news', 'end');
    await textsOf(one, 1);
    expect(missed).toEqual(['news']);
    expect(await textsOf(two, 3)).toEqual(['13 waits 1', '14 waits 2', '15 end']);
    expect(one.texts).toEqual(['15 end']);
  });

  test('when it leaves and subscribes again before the message arrives', async () => {
    const { broker, here, one, two } = start();
    await here.subscribe(one.ws, 'news');
    await interrupt(broker);
    const published = [here.publish('news', 'a', { except: one.ws })];
    here.unsubscribe(one.ws, 'news');
    // Now without a subscriber.
    published.push(here.publish('news', 'b', { except: one.ws }));
    for (const { ws } of [one, two]) void here.subscribe(ws, 'news');
    broker.listener!.restored();
    await Promise.all(published);
    await here.publish('news', 'end');
    expect(await textsOf(two, 3)).toEqual(['1 a', '2 b', '3 end']);
    expect(await textsOf(one, 1)).toEqual(['3 end']);
  });
});

describe('A connection that a message excepts is forgotten', () => {
  test('when the message has arrived, or cannot be published', async () => {
    const { broker, here, one } = start();
    await here.subscribe(one.ws, 'news');
    const publish = async (): Promise<WeakRef<object>> => {
      const { ws } = heldConnection();
      await here.publish('news', 'a', { except: ws }).catch(() => {});
      return new WeakRef(ws);
    };
    const arrived = await publish();
    await textsOf(one, 1);
    expect(await isForgotten(arrived)).toBe(true);
    vi.spyOn(broker, 'publish').mockRejectedValueOnce(new Error('refused'));
    expect(await isForgotten(await publish())).toBe(true);
  });

  test('when the message is lost, or the last subscriber leaves', async () => {
    const { broker, missed, here, there, one } = start();
    await here.subscribe(one.ws, 'news');
    broker.hold('messages');
    const publish = async (): Promise<WeakRef<object>> => {
      const { ws } = heldConnection();
      await here.publish('news', 'a', { except: ws });
      return new WeakRef(ws);
    };
    const lost = await publish();
    expect(await isForgotten(lost)).toBe(false);
    await interrupt(broker);
    for (let id = 0; id < 3 * HISTORY.messages; id++) await there.publish('news', `lost ${id}`);
    broker.listener!.restored();
    while (missed.length === 0) await turn();
    broker.hold('messages');
    expect(await isForgotten(lost)).toBe(true);

    const inOldEpoch = await publish();
    await interrupt(broker);
    restoreAnother(broker);
    while (missed.length === 1) await turn();
    expect(await isForgotten(inOldEpoch)).toBe(true);

    const onItsWay = await publish();
    here.unsubscribe(one.ws, 'news');
    const withoutSubscriber = await publish();
    for (const connection of [onItsWay, withoutSubscriber]) expect(await isForgotten(connection)).toBe(true);
  });

  test('when the message has come before the answer to publish()', async () => {
    const { broker, here, one } = start();
    await here.subscribe(one.ws, 'news');
    const publish = broker.publish.bind(broker);
    broker.publish = async (...message) => {
      const position = await publish(...message);
      await textsOf(one, 1);
      return position;
    };
    const published = async (): Promise<WeakRef<object>> => {
      const { ws } = heldConnection();
      await here.publish('news', 'a', { except: ws });
      return new WeakRef(ws);
    };
    expect(await isForgotten(await published())).toBe(true);
  });

  test.each(['stays away', 'has returned', 'returns'])(
    'when the last subscriber leaves before the answer to publish(), and %s then',
    async (how) => {
      const { broker, here, one } = start();
      await here.subscribe(one.ws, 'news');
      broker.hold('messages');
      let answer = (): void => {};
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const publish = broker.publish.bind(broker);
      broker.publish = async (...message) => {
        const position = await publish(...message);
        await answered;
        return position;
      };
      const published = async (): Promise<WeakRef<object>> => {
        const { ws } = heldConnection();
        const publishing = here.publish('news', 'a', { except: ws });
        here.unsubscribe(one.ws, 'news');
        if (how === 'returns') broker.hold('subscribe');
        const subscribed = how === 'stays away' ? undefined : here.subscribe(one.ws, 'news');
        if (how === 'has returned') await subscribed;
        answer();
        await publishing;
        broker.release('subscribe');
        await subscribed;
        return new WeakRef(ws);
      };
      expect(await isForgotten(await published())).toBe(true);
    },
  );
});
