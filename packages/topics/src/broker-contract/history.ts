// What a broker with a history has to do besides.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Position } from '../broker.ts';
import type { BrokerHarness, Case } from './cases.ts';
import type { Probe } from './probe.ts';

export function historyCases({ interrupt, overflow }: BrokerHarness): readonly Case[] {
  return [
    ...always,
    ...(overflow === undefined ? [] : [overflowing(overflow)]),
    ...(interrupt === undefined ? [] : interrupted),
  ];
}

/** What a probe finds after a position; undefined where something is missing. */
async function textsSince(probe: Probe, topic: string, since: Position): Promise<string[] | undefined> {
  const { messages } = await probe.broker.history(topic, since);
  messages?.forEach(({ offset }, index) => assert.equal(offset, since.offset + 1 + index));
  return messages?.map(({ data }) => Buffer.from(data).toString('latin1'));
}

const always: readonly Case[] = [
  [
    'gives messages consecutive positions, the same for all',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const start = (await b.broker.subscribe(topic)) as Position;
      assert.equal(start.offset, 0);
      const calls = ['1', '2', '3', '4'].map((text, index) => (index % 2 === 0 ? a : b).publish(topic, text));
      const positions = (await Promise.all(calls)) as Position[];
      await b.texts(topic, 4);
      const received = b.of(topic).map(({ text, position }) => ({ text, ...position }));
      assert.deepEqual(
        received.map(({ epoch, offset }) => ({ epoch, offset })),
        [1, 2, 3, 4].map((offset) => ({ epoch: start.epoch, offset })),
      );
      for (const [index, { epoch, offset }] of positions.entries()) {
        assert.deepEqual(received[offset - 1], { text: String(index + 1), epoch, offset });
      }
    },
  ],
  [
    'says with a subscription after which position messages come',
    async (bench) => {
      const [a, b, c] = (await bench.probes(3)) as [Probe, Probe, Probe];
      const topic = bench.topic();
      const publishing = Array.from({ length: 100 }, (_, id) => a.publish(topic, `message ${id}`));
      await publishing[0];
      const start = (await b.broker.subscribe(topic)) as Position;
      const last = (await Promise.all(publishing)).at(-1) as Position;
      assert.ok(start.offset >= 1);
      await a.publish(topic, 'end');
      await b.until(() => b.of(topic).at(-1)?.text === 'end');
      const after = b.of(topic).filter(({ position }) => (position as Position).offset > start.offset);
      assert.deepEqual(
        after.map(({ position }) => position?.offset),
        Array.from({ length: last.offset + 1 - start.offset }, (_, index) => start.offset + 1 + index),
      );
      assert.deepEqual(await c.broker.subscribe(topic), { epoch: last.epoch, offset: last.offset + 1 });
    },
  ],
  [
    'finds what has been published since each position',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const texts = ['one', 'two', 'three', String.fromCharCode(0, 255)];
      for (const text of texts) await a.publish(topic, text);
      const { epoch } = (await b.broker.subscribe(topic)) as Position;
      for (let offset = 0; offset <= texts.length; offset++) {
        assert.deepEqual(await textsSince(b, topic, { epoch, offset }), texts.slice(offset));
      }
      const { position } = await b.broker.history(topic, { epoch, offset: 0 });
      assert.deepEqual(position, { epoch, offset: texts.length });
    },
  ],
  [
    'finds nothing for a position of another epoch, or one that no message has',
    async (bench) => {
      const [a] = (await bench.probes(1)) as [Probe];
      const topic = bench.topic();
      const { epoch } = (await a.publish(topic, 'one')) as Position;
      assert.equal(await textsSince(a, topic, { epoch: 'another', offset: 1 }), undefined);
      assert.equal(await textsSince(a, topic, { epoch, offset: 2 }), undefined);
      const silent = bench.topic();
      assert.equal(await textsSince(a, silent, { epoch, offset: 1 }), undefined);
    },
  ],
];

function overflowing(count: number): Case {
  return [
    'finds nothing for a position after which messages have been removed',
    async (bench) => {
      const [a] = (await bench.probes(1)) as [Probe];
      const topic = bench.topic();
      const texts = Array.from({ length: count }, (_, id) => `message ${id}`);
      const positions = (await Promise.all(texts.map((text) => a.publish(topic, text)))) as Position[];
      const last = positions.at(-1) as Position;
      assert.equal(await textsSince(a, topic, { ...last, offset: 0 }), undefined);
      // Either all of them, or none.
      for (let offset = 1; offset <= count; offset++) {
        const found = await textsSince(a, topic, { ...last, offset });
        if (found !== undefined || offset >= count - 1) assert.deepEqual(found, texts.slice(offset));
      }
    },
  ];
}

const interrupted: readonly Case[] = [
  [
    'still has its history after an interruption',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const first = (await a.publish(topic, 'before')) as Position;
      await bench.harness.interrupt?.();
      for (const probe of [a, b]) await probe.until(() => probe.changes.length > 0);
      await bench.harness.restore?.();
      for (const probe of [a, b]) await probe.until(() => probe.changes.length > 1);
      assert.deepEqual(await a.publish(topic, 'after'), { ...first, offset: 2 });
      assert.deepEqual(await textsSince(b, topic, first), ['after']);
    },
  ],
];
