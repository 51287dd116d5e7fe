// The engine refuses a subscription or a history after an interruption.
import '@framewire/testing/fake-timers';
import { Topics } from '@framewire/topics';
import { TopicHub } from '@framewire/topics/processes';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BreakableEngine } from './support/breakable-broker.ts';
import { heldConnection } from './support/held-connection.ts';

const REJOIN_DELAY = 2000;

test.each([true, false])(
  'subscribers stay, and the server asks again until the engine accepts (history: %s)',
  async (history) => {
    const hub = new TopicHub({ history });
    const engine = new BreakableEngine(() => hub.broker());
    const [here, there] = [await topicsAt(engine), await topicsAt(engine)];
    const { ws, texts } = heldConnection();
    await here.subscribe(ws, 'news');
    await there.publish('news', 'before');
    engine.refuses = true;
    // A second interruption does not lead to twice as many attempts.
    for (let time = 0; time < 2; time++) {
      await engine.interrupt();
      await engine.restore();
    }
    await vi.advanceTimersByTimeAsync(2 * REJOIN_DELAY);
    expect(engine.calls.filter((call) => call === 'subscribe news')).toHaveLength(1 + 2 + 2);
    await there.publish('news', 'while refused');
    engine.refuses = false;
    await vi.advanceTimersByTimeAsync(REJOIN_DELAY);
    await there.publish('news', 'later');
    await vi.advanceTimersByTimeAsync(0);
    expect(texts).toEqual(history ? ['before', 'while refused', 'later'] : ['before', 'later']);
    engine.refuses = true;
    await engine.interrupt();
    await engine.restore();
    await here.close();
    const { length } = engine.calls;
    await vi.advanceTimersByTimeAsync(2 * REJOIN_DELAY);
    expect(engine.calls).toHaveLength(length);
  },
);

test('the server asks again for a history that the engine refuses, and subscribers miss nothing', async () => {
  const hub = new TopicHub({ history: true });
  const engine = new BreakableEngine(() => hub.broker());
  const [here, there] = [await topicsAt(engine), await topicsAt(engine)];
  const { ws, texts } = heldConnection();
  await here.subscribe(ws, 'news');
  await there.publish('news', 'before');
  const [mine] = engine.brokers;
  await mine!.interrupt();
  await there.publish('news', 'meanwhile');
  vi.spyOn(mine!, 'history').mockRejectedValueOnce(new Error('refused on purpose'));
  mine!.restore();
  await vi.advanceTimersByTimeAsync(REJOIN_DELAY);
  expect(texts).toEqual(['before', 'meanwhile']);
});

async function topicsAt(engine: BreakableEngine): Promise<Topics> {
  const topics = new Topics({ broker: await engine.connect() });
  onTestFinished(() => topics.close());
  return topics;
}
