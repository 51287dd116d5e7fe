// The rules for every broker, as cases for any test runner.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { BrokerError, type Broker, type Position } from '../broker.ts';
import { historyCases } from './history.ts';
import { NAMES } from './names.ts';
import { Probe } from './probe.ts';

/** How the cases reach the engine. */
export interface BrokerHarness {
  /** Connects another broker to the same engine. */
  connect(): Promise<Broker>;
  /** Makes the engine unreachable for all brokers. Without this, the cases about interruptions are left out. */
  readonly interrupt?: (() => Promise<void>) | undefined;
  /** Makes the engine reachable again, with its history. */
  readonly restore?: (() => Promise<void>) | undefined;
  /** Whether brokers have a history. */
  readonly hasHistory: boolean;
  /**
   * The number of messages of a topic after which the first one has certainly left the history. Without this, the case about that is left
   * out.
   */
  readonly overflow?: number | undefined;
  /**
   * Whether messages that several brokers publish to one topic may overtake each other. Brokers with a history then leave out the earlier one.
   * Default: false
   */
  readonly overtakes?: boolean | undefined;
}

/** One rule for brokers. */
export interface ContractCase {
  readonly title: string;
  run(): Promise<void>;
}

/** What each case works with. */
export interface Bench {
  readonly harness: BrokerHarness;
  /** Returns a topic that no other case uses. */
  topic(): string;
  /** Connects this many brokers, which are closed when the case ends. */
  probes(count: number): Promise<Probe[]>;
}

/**
 * Returns the cases that a broker has to pass. Run them one after the other.
 *
 * @example
 * ```ts
 * describe('my broker', () => {
 *   for (const { title, run } of brokerContract(harness)) test(title, run);
 * });
 * ```
 */
export function brokerContract(harness: BrokerHarness): ContractCase[] {
  const cases = [...carrying, ...(harness.interrupt ? interruptions : [])];
  if (harness.hasHistory) cases.push(...historyCases(harness));
  return cases.map(([title, run]) => ({
    title,
    async run() {
      const opened: Probe[] = [];
      const bench: Bench = {
        harness,
        topic: () => `topic ${randomUUID()}`,
        async probes(count) {
          const probes: Probe[] = [];
          while (probes.length < count) probes.push(new Probe(await harness.connect()));
          opened.push(...probes);
          return probes;
        },
      };
      try {
        await run(bench);
      } finally {
        for (const { broker } of opened) await broker.close();
      }
    },
  }));
}

/** The title of a case, and its test. */
export type Case = readonly [title: string, run: (bench: Bench) => Promise<void>];

const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

const carrying: readonly Case[] = [
  [
    'carries a message to every broker that has subscribed, including the publisher',
    async (bench) => {
      const [a, b, other] = (await bench.probes(3)) as [Probe, Probe, Probe];
      const topic = bench.topic();
      await Promise.all([a, b].map(({ broker }) => broker.subscribe(topic)));
      await a.publish(topic, 'from a');
      assert.deepEqual(await a.texts(topic, 1), ['from a']);
      assert.deepEqual(await b.texts(topic, 1), ['from a']);
      await other.publish(topic, 'from another');
      assert.deepEqual(await a.texts(topic, 2), ['from a', 'from another']);
      assert.deepEqual(await b.texts(topic, 2), ['from a', 'from another']);
      assert.deepEqual(other.received, []);
    },
  ],
  [
    'carries bytes unchanged',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      await b.broker.subscribe(topic);
      const texts = ['', EVERY_BYTE, EVERY_BYTE.repeat(1000)];
      for (const text of texts) await a.publish(topic, text);
      assert.deepEqual(await b.texts(topic, texts.length), texts);
    },
  ],
  [
    'keeps topics with different names apart',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const prefix = bench.topic();
      const names = NAMES.map((name) => prefix + name);
      await b.broker.subscribe(names[0] as string);
      for (const name of names) await a.publish(name, 'before');
      await Promise.all(names.map((name) => b.broker.subscribe(name)));
      for (const [index, name] of names.entries()) await a.publish(name, `message ${index}`);
      for (const [index, name] of names.entries()) {
        const wanted = index === 0 ? ['before', 'message 0'] : [`message ${index}`];
        assert.deepEqual(await b.texts(name, wanted.length), wanted);
      }
      assert.equal(b.received.length, names.length + 1);
    },
  ],
  [
    'keeps the order of a publisher that does not wait',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      await b.broker.subscribe(topic);
      const texts = Array.from({ length: 1000 }, (_, id) => `message ${id}`);
      await Promise.all(texts.map((text) => a.publish(topic, text)));
      assert.deepEqual(await b.texts(topic, texts.length), texts);
    },
  ],
  [
    'carries no message that is published before a subscription, or after it has ended',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      await a.publish(topic, 'before');
      await b.broker.subscribe(topic);
      await a.publish(topic, 'first');
      assert.deepEqual(await b.texts(topic, 1), ['first']);
      await b.broker.unsubscribe(topic);
      await a.publish(topic, 'between');
      await b.broker.subscribe(topic);
      await a.publish(topic, 'second');
      assert.deepEqual(await b.texts(topic, 2), ['first', 'second']);
    },
  ],
  [
    'handles calls in order although the caller does not wait, and ignores a second subscription',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const calls = ['subscribe', 'unsubscribe', 'subscribe', 'subscribe'] as const;
      await Promise.all(calls.map((call) => b.broker[call](topic) as Promise<unknown>));
      for (const text of ['one', 'two']) await a.publish(topic, text);
      assert.deepEqual(await b.texts(topic, 2), ['one', 'two']);
      await Promise.all([b.broker.subscribe(topic), b.broker.unsubscribe(topic)]);
      await a.publish(topic, 'three');
      await b.broker.subscribe(topic);
      await a.publish(topic, 'four');
      assert.deepEqual(await b.texts(topic, 3), ['one', 'two', 'four']);
    },
  ],
  [
    'rejects calls once it is closed, and does not call its listener again',
    async (bench) => {
      const [a, b, c] = (await bench.probes(3)) as [Probe, Probe, Probe];
      const topic = bench.topic();
      for (const { broker } of [b, c]) await broker.subscribe(topic);
      await b.broker.close();
      await b.broker.close();
      await a.publish(topic, 'late');
      assert.deepEqual(await c.texts(topic, 1), ['late']);
      assert.deepEqual([b.received, b.changes], [[], []]);
      await rejectsWith('WS_ERR_BROKER_CLOSED', b.broker, topic);
    },
  ],
  [
    'settles calls that are under way when it is closed',
    async (bench) => {
      const [a] = (await bench.probes(1)) as [Probe];
      const topic = bench.topic();
      const since: Position = { epoch: 'none', offset: 0 };
      const calls: Promise<unknown>[] = [
        a.publish(topic, 'late'),
        a.broker.subscribe(topic),
        a.broker.unsubscribe(topic),
        ...(a.broker.hasHistory ? [a.broker.history(topic, since)] : []),
      ];
      const settled = Promise.allSettled(calls);
      await a.broker.close();
      for (const result of await settled) {
        if (result.status === 'rejected') assertCode('WS_ERR_BROKER_CLOSED', result.reason);
      }
    },
  ],
  [
    'does not call its listener again when the listener closes it',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      const closing = await bench.harness.connect();
      const events = new EventEmitter();
      let calls = 0;
      const count = (): void => {
        calls++;
        void closing.close();
        events.emit('closed');
      };
      closing.listen({ message: count, interrupted: count, restored: count });
      for (const broker of [closing, b.broker]) await broker.subscribe(topic);
      const texts = Array.from({ length: 100 }, (_, id) => `message ${id}`);
      const closed = once(events, 'closed');
      await Promise.all(texts.map((text) => a.publish(topic, text)));
      await Promise.all([closed, b.texts(topic, texts.length)]);
      assert.equal(calls, 1);
    },
  ],
];

const interruptions: readonly Case[] = [
  [
    'reports when the engine cannot be reached, rejects calls, and reports when it can be reached again',
    async (bench) => {
      const [a, b] = (await bench.probes(2)) as [Probe, Probe];
      const topic = bench.topic();
      await b.broker.subscribe(topic);
      await a.publish(topic, 'before');
      assert.deepEqual(await b.texts(topic, 1), ['before']);
      await bench.harness.interrupt?.();
      for (const probe of [a, b]) {
        await probe.until(() => probe.changes.length > 0);
        assert.deepEqual(probe.changes, ['interrupted']);
        await rejectsWith('WS_ERR_BROKER_UNREACHABLE', probe.broker, topic);
      }
      await bench.harness.restore?.();
      for (const probe of [a, b]) {
        await probe.until(() => probe.changes.length > 1);
        assert.deepEqual(probe.changes, ['interrupted', 'restored']);
      }
      await b.broker.subscribe(topic);
      await a.publish(topic, 'after');
      assert.equal((await b.texts(topic, 2)).at(-1), 'after');
      assert.deepEqual([a.changes, b.changes].flat().length, 4);
    },
  ],
];

/** Checks that every call rejects with a {@link BrokerError} of this code. */
async function rejectsWith(code: string, broker: Broker, topic: string): Promise<void> {
  const since: Position = { epoch: 'none', offset: 0 };
  const calls = [
    () => broker.publish(topic, new Uint8Array(1)),
    () => broker.subscribe(topic),
    () => broker.unsubscribe(topic),
    ...(broker.hasHistory ? [() => broker.history(topic, since)] : []),
  ];
  for (const call of calls) {
    await assert.rejects(call(), (error) => {
      assertCode(code, error);
      return true;
    });
  }
}

function assertCode(code: string, error: unknown): void {
  assert.ok(error instanceof BrokerError);
  assert.equal(error.code, code);
}
