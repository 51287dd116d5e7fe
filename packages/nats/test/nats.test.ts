// Brokers on a NATS that the tests start, kill and restart.
import { Buffer } from 'node:buffer';
import { setImmediate as turn } from 'node:timers/promises';
import { connectToNats, type NatsBrokerOptions } from '@framewire/nats';
import { requirement } from '@framewire/testing';
import { brokerContract } from '@framewire/topics/contract';
import { describe, expect, onTestFinished, test } from 'vitest';
import { natsOfTests, PATIENCE, watching } from './support/nats.ts';

describe.skipIf(requirement('nats').missing)('A broker on NATS', () => {
  const nats = natsOfTests();

  describe.each<[string, NatsBrokerOptions]>([
    ['without history', {}],
    ['with history', { history: { messages: 20 } }],
    [
      'with a history that does not expire',
      { history: { messages: 20, milliseconds: Infinity }, prefix: 'kept' },
    ],
  ])('%s', (_how, options) => {
    const harness = {
      connect: () => nats.connect(options),
      interrupt: () => nats.engine.kill(),
      restore: () => nats.engine.restart(),
      hasHistory: options.history !== undefined,
      overflow: 25,
      overtakes: true,
    };
    for (const { title, run } of brokerContract(harness)) test(title, run);
  });

  test.each([{}, { history: true, prefix: 'frozen' }])(
    'reports when NATS stops answering, and when it answers again, with %j',
    async (options) => {
      const { listener, changes, interrupted } = watching();
      const one = await nats.broker({ timeout: 500, ...options });
      one.listen(listener);
      nats.engine.freeze();
      onTestFinished(() => nats.engine.thaw());
      // Some of its threads may still answer.
      let answers: PromiseSettledResult<unknown>[];
      do {
        // Rejects before NATS answers.
        one.publish('news', new Uint8Array(2 ** 20 + 1)).catch(() => {});
        const calls = [
          one.publish('news', new Uint8Array(1)),
          one.subscribe('news'),
          one.unsubscribe('news'),
        ];
        answers = await Promise.allSettled(calls);
      } while (answers.some(({ status }) => status === 'fulfilled'));
      for (const answer of answers) {
        expect(answer).toMatchObject({ reason: { code: 'WS_ERR_BROKER_UNREACHABLE' } });
      }
      await interrupted;
      nats.engine.thaw();
      while (changes.length < 2) await turn();
      expect(changes).toEqual(['interrupted', 'restored']);
      await one.publish('news', new Uint8Array(1));
    },
  );

  // On a slow machine, thousands of messages are published in this time.
  test.each([{}, { history: { messages: 1e6 }, prefix: 'killed' }])(
    'rejects the messages that it cannot confirm when NATS is killed, and keeps those that it confirmed, with %j',
    async (options) => {
      const { listener, changes } = watching();
      const one = await nats.broker(options);
      one.listen(listener);
      const start = await one.subscribe('news');
      const confirmed: number[] = [];
      let number = 0;
      const publishing = new Set<Promise<unknown>>();
      const publishSome = (): void => {
        for (let count = 0; count < 10; count++) {
          const id = ++number;
          const published = one.publish('news', Buffer.from(String(id))).then(
            () => confirmed.push(id),
            (error: unknown) => expect(error).toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE' }),
          );
          publishing.add(published);
        }
      };
      while (confirmed.length < 100) {
        publishSome();
        await turn();
      }
      const killed = nats.engine.kill();
      while (changes.length === 0) {
        publishSome();
        await turn();
      }
      publishSome();
      await killed;
      await nats.engine.restart();
      while (changes.length === 1) await turn();
      await Promise.all(publishing);
      if (start === undefined) return;
      const { messages } = await one.history('news', start);
      const kept = messages!.map(({ data }) => Number(Buffer.from(data).toString()));
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
      expect(kept).toEqual(expect.arrayContaining(confirmed));
    },
  );

  test('receives its own messages whatever the options of the client say', async () => {
    const one = await connectToNats({ ...nats.servers(), noEcho: true }, { timeout: PATIENCE });
    onTestFinished(() => one.close());
    const { listener, received } = watching();
    one.listen(listener);
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    while (received.length < 1) await turn();
  });

  test('rejects a message that is too long for NATS, and carries the next one', async () => {
    for (const options of [{}, { history: true }]) {
      const { listener, received } = watching();
      const one = await nats.broker({ ...options, prefix: 'long' });
      one.listen(listener);
      await one.subscribe('news');
      await expect(one.publish('news', new Uint8Array(2 ** 20 + 1))).rejects.toThrow('max_payload');
      await one.publish('news', new Uint8Array(1));
      while (received.length < 1) await turn();
    }
  });

  test('carries only messages of its prefix and kind of history', async () => {
    const kinds = [{ prefix: 'a' }, { prefix: 'b' }, { prefix: 'a', history: true }];
    const brokers = await Promise.all(kinds.map((options) => nats.broker(options)));
    const watched = brokers.map((one) => {
      const { listener, received } = watching();
      one.listen(listener);
      return received;
    });
    for (const one of brokers) await one.subscribe('news');
    for (const one of brokers) await one.publish('news', new Uint8Array(1));
    while (watched.some(({ length }) => length === 0)) await turn();
    expect(watched).toEqual([['news'], ['news'], ['news']]);
  });

  test('continues when its listener throws', async () => {
    const one = await nats.broker();
    const thrown: unknown[] = [];
    const catching = (error: unknown): void => void thrown.push(error);
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', catching);
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    const error = new Error('of the listener');
    const message = (): void => {
      throw error;
    };
    one.listen({ message, interrupted: () => {}, restored: () => {} });
    await one.subscribe('news');
    await one.publish('news', new Uint8Array(1));
    await one.publish('news', new Uint8Array(1));
    while (thrown.length < 2) await turn();
    expect(thrown).toEqual([error, error]);
  });
});
