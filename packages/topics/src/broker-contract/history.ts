// The further rules for a broker with a history.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Position } from '../broker.ts';
import type { BrokerHarness, Case } from './cases.ts';
import { NAMES } from './names.ts';
import type { Probe, Received } from './probe.ts';

export function historyCases({ interrupt, overflow }: BrokerHarness): readonly Case[] {
  return [
    ...always,
    ...(overflow === undefined ? [] : [overflowing(overflow)]),
    ...(interrupt === undefined ? [] : interrupted),
  ];
}

/** Returns the texts after a position, or undefined if some are missing. */
async function textsSince(probe: Probe, topic: string, since: Position): Promise<string[] | undefined> {
  const { messages } = await probe.broker.history(topic, since);
  let { offset: last } = since;
  for (const { offset } of messages ?? []) {
    assert.ok(offset > last);
    last = offset;
  }
  return messages?.map(({ data }) => Buffer.from(data).toString('latin1'));
}

/** Checks that each message names the offset of the one before it. The first message may name any offset up to that of the position. */
function assertWithoutGap(received: readonly Received[], { epoch, offset }: Position): void {
  let last: number | undefined = undefined;
  for (const { position, previous } of received) {
    assert.equal(position?.epoch, epoch);
    if (last === undefined) assert.ok((previous as number) <= offset && position.offset > offset);
    else assert.equal(previous, last);
    last = position.offset;
  }
}

const always: readonly Case[] = [
  [
    'gives messages growing positions that are the same for all brokers, and names the offset before each',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const start = (await b.broker.subscribe(topic)) as Position;
      const calls = ['1', '2', '3', '4'].map((text, index) => {
        const probe = index % 2 === 0 ? a : b;
        void probe.publish(`${topic} of others`, text);
        return probe.publish(topic, text);
      });
      const positions = (await Promise.all(calls)) as Position[];
      const texts = new Map(positions.map(({ offset }, index) => [offset, String(index + 1)]));
      const offsets = [...texts.keys()].sort((one, other) => one - other);
      await b.until(() => b.of(topic).at(-1)?.position?.offset === offsets.at(-1));
      if (bench.harness.overtakes !== true) assert.equal(b.of(topic).length, offsets.length);
      let last = start.offset;
      for (const { text, position, previous } of b.of(topic)) {
        const { epoch, offset } = position as Position;
        assert.ok(epoch === start.epoch && offset > last);
        assert.equal(text, texts.get(offset));
        const before = offsets[offsets.indexOf(offset) - 1];
        if (before === undefined) assert.ok((previous as number) <= start.offset);
        else assert.equal(previous, before);
        last = offset;
      }
      assert.ok(positions.every(({ epoch }) => epoch === start.epoch));
    },
  ],
  [
    'resolves a subscription to the position after which all messages arrive',
    async (bench) => {
      const [a, b, c] = (await bench.probes(3)) as [Probe, Probe, Probe];
      const topic = bench.topic();
      const publishing = Array.from({ length: 100 }, (_, id) => a.publish(topic, `message ${id}`));
      const first = (await publishing[0]) as Position;
      const start = (await b.broker.subscribe(topic)) as Position;
      assert.ok(start.offset >= first.offset);
      const positions = (await Promise.all(publishing)) as Position[];
      const end = (await a.publish(topic, 'end')) as Position;
      await b.until(() => b.of(topic).at(-1)?.text === 'end');
      const after = b.of(topic).filter(({ position }) => (position as Position).offset > start.offset);
      assertWithoutGap(after, start);
      assert.deepEqual(
        after.map(({ position }) => position),
        [...positions, end].filter(({ offset }) => offset > start.offset),
      );
      const newest = (await c.broker.subscribe(topic)) as Position;
      assert.ok(newest.epoch === end.epoch && newest.offset >= end.offset);
      assert.deepEqual(await textsSince(c, topic, newest), []);
    },
  ],
  [
    'returns what has been published since each position',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const start = (await b.broker.subscribe(topic)) as Position;
      const texts = ['one', 'two', 'three', String.fromCharCode(0, 255)];
      const positions = [start];
      for (const text of texts) {
        await a.publish(bench.topic(), 'of another topic');
        positions.push((await a.publish(topic, text)) as Position);
      }
      for (const [index, position] of positions.entries()) {
        assert.deepEqual(await textsSince(b, topic, position), texts.slice(index));
      }
      const { position } = await b.broker.history(topic, start);
      assert.equal(position.epoch, start.epoch);
      assert.deepEqual(await textsSince(b, topic, position), []);
    },
  ],
  [
    'keeps the histories of topics with different names apart',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const prefix = bench.topic();
      const names = NAMES.map((name) => prefix + name);
      const starts = await Promise.all(names.map((name) => b.broker.subscribe(name)));
      for (const [index, name] of names.entries()) await a.publish(name, `message ${index}`);
      for (const [index, name] of names.entries()) {
        assert.deepEqual(await textsSince(a, name, starts[index] as Position), [`message ${index}`]);
      }
    },
  ],
  [
    'returns no messages for a position of another epoch, or after the newest message',
    async (bench) => {
      const [a] = (await bench.probes(1)) as [Probe];
      const topic = bench.topic();
      const { epoch, offset } = (await a.publish(topic, 'one')) as Position;
      assert.equal(await textsSince(a, topic, { epoch: 'another', offset }), undefined);
      assert.equal(await textsSince(a, topic, { epoch, offset: offset + 1 }), undefined);
      assert.equal(await textsSince(a, bench.topic(), { epoch, offset: offset + 1 }), undefined);
    },
  ],
];

function overflowing(count: number): Case {
  return [
    'returns no messages for a position after which some have been removed',
    async (bench) => {
      const [a] = (await bench.probes(1)) as [Probe];
      const topic = bench.topic();
      const texts = Array.from({ length: count }, (_, id) => `message ${id}`);
      const positions = (await Promise.all(texts.map((text) => a.publish(topic, text)))) as Position[];
      const last = positions.at(-1) as Position;
      const { offset } = positions[0] as Position;
      assert.equal(await textsSince(a, topic, { ...last, offset: offset - 1 }), undefined);
      // Either all of them are returned, or none.
      for (const [index, position] of positions.entries()) {
        const found = await textsSince(a, topic, position);
        if (found !== undefined || index >= count - 2) assert.deepEqual(found, texts.slice(index + 1));
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
      const second = (await a.publish(topic, 'after')) as Position;
      assert.ok(second.epoch === first.epoch && second.offset > first.offset);
      assert.deepEqual(await textsSince(b, topic, first), ['after']);
    },
  ],
];
