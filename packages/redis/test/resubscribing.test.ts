// A topic that is left and joined again before Redis has answered. A relay delays the answers, which otherwise often arrive together.
import { Buffer } from 'node:buffer';
import { Transform } from 'node:stream';
import { connectToRedis } from '@framewire/redis';
import { requirement, startRedis, type Engine } from '@framewire/testing';
import type { Broker } from '@framewire/topics';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { PATIENCE } from './support/patience.ts';
import { startRelay } from './support/relay.ts';

/** Holds the answer to the end of a subscription, and what follows it, until the test releases it. */
function holdAnswers() {
  let isReleased = false;
  let release = (): void => {};
  let arrived = (): void => {};
  const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
  const rewrite = (): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        const at = isReleased ? -1 : chunk.indexOf('unsubscribe');
        if (at === -1) {
          callback(null, chunk);
          return;
        }
        // An answer begins with one of these.
        const start = Math.max(chunk.lastIndexOf('*', at), chunk.lastIndexOf('>', at));
        this.push(chunk.subarray(0, start));
        release = () => {
          isReleased = true;
          callback(null, chunk.subarray(start));
        };
        arrived();
      },
    });
  return { rewrite, hasArrived, release: () => release() };
}

describe.skipIf(requirement('redis').missing)('A topic that is left and joined again', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startRedis();
  });
  afterAll(() => engine.stop());

  async function connect(port: number): Promise<Broker> {
    const broker = await connectToRedis(createClient({ socket: { port } }), { timeout: PATIENCE });
    onTestFinished(() => broker.close());
    return broker;
  }

  test('receives messages, also if Redis has not answered that it was left', async () => {
    const held = holdAnswers();
    const relay = await startRelay(engine.port, held.rewrite);
    onTestFinished(() => relay.close());
    const [here, there] = [await connect(relay.port), await connect(engine.port)];
    const received = new Promise((resolve) => {
      here.listen({
        message: (topic, data) => resolve([topic, Buffer.from(data).toString()]),
        interrupted: () => {},
        restored: () => {},
      });
    });
    const joined = here.subscribe('news');
    const left = here.unsubscribe('news');
    await joined;
    const joinedAgain = here.subscribe('news');
    await held.hasArrived;
    held.release();
    await Promise.all([left, joinedAgain]);
    await there.publish('news', Buffer.from('hello'));
    expect(await received).toEqual(['news', 'hello']);
  });
});
