// What inflating may take from the process: bytes that wait for delivery, and time in one turn of the event loop.
import { constants, deflateRawSync } from 'node:zlib';
import { Inflater as Stream } from '@framewire/deflate';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConcurrencyLimit } from '../src/concurrency.ts';
import { InflateBudget } from '../src/inflate-budget.ts';
import { InflateJob } from '../src/inflate-job.ts';
import { InflateSlot } from '../src/inflate-slot.ts';
import { Inflater, MAX_HERE, type InflaterOptions } from '../src/inflater.ts';
import { Counter } from '../src/statistics.ts';
import { TurnShare } from '../src/turn-share.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const CHUNK = 64 * KiB;
const SLOTS = 4;

/** The settings of connections that share nothing with other tests. */
function settings(takeover: boolean, budget: number, more: Partial<InflaterOptions> = {}): InflaterOptions {
  return {
    takeover,
    windowBits: 15,
    dictionary: undefined,
    maxPayload: 0,
    inTurnsFrom: 16 * KiB,
    concurrency: new ConcurrencyLimit(SLOTS),
    turn: new TurnShare(),
    budget: new InflateBudget(budget),
    ...more,
  };
}

function connections(count: number, options: InflaterOptions): Inflater[] {
  const all = Array.from({ length: count }, () => new Inflater(options, new Counter()));
  onTestFinished(() => {
    for (const each of all) each.close();
  });
  return all;
}

/** A message as RFC 7692 §7.2.1 compresses it. */
function deflated(data: Uint8Array): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function inflated(inflater: Inflater, message: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflater.decompress(message, (error, data) =>
      data === undefined ? reject(error!) : resolve(data as Buffer),
    );
  });
}

/** Data that differs for each seed but compresses well. */
function original(length: number, seed: number): Buffer {
  const data = Buffer.alloc(length, `number ${seed} `);
  for (let at = 0; at + 4 < length; at += 4000) data.writeUInt32BE(at + seed, at);
  return data;
}

describe.each([
  ['without', false],
  ['with', true],
])('many connections %s context takeover with short messages that inflate to long ones', (_how, takeover) => {
  const LENGTH = 2 * MiB + 17;

  /** Creates connections that have received a message, because takeover matters only after the first one. */
  async function crowd(count: number, options: InflaterOptions): Promise<Inflater[]> {
    const all = connections(count, options);
    for (const each of all) await inflated(each, deflated(Buffer.from('hello')));
    return all;
  }

  test('receive all of them, and exceed the budget by one message and a few buffers at most', async () => {
    const options = settings(takeover, MiB);
    const all = await crowd(20, options);
    let most = 0;
    const add = vi.spyOn(options.budget, 'add');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    add.mockImplementation((bytes) => {
      InflateBudget.prototype.add.call(options.budget, bytes);
      most = Math.max(most, options.budget.bytes);
    });
    const messages = all.map((_each, seed) => original(LENGTH, seed));
    // Short enough to begin synchronously.
    expect(deflated(messages[0]!).length).toBeLessThan(options.inTurnsFrom);
    const results = await Promise.all(all.map((each, k) => inflated(each, deflated(messages[k]!))));
    expect(results.every((data, k) => data.equals(messages[k]!))).toBe(true);
    expect(add).toHaveBeenCalled();
    // With a context, output that was produced synchronously counts while the message waits.
    const begun = takeover ? 2 * SLOTS * MAX_HERE : 0;
    expect(most).toBeLessThanOrEqual(MiB + LENGTH + SLOTS * CHUNK + begun);
    expect(options.budget.bytes).toBe(0);
  });

  test('hold no more contexts than there are slots, in addition to those of their connections', async () => {
    const options = settings(takeover, 64 * MiB);
    const all = await crowd(30, options);
    const used = vi.spyOn(Stream.prototype, 'inflate');
    const closed = vi.spyOn(Stream.prototype, 'close');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    let most = 0;
    const open = (): number => new Set(used.mock.contexts).size - new Set(closed.mock.contexts).size;
    await Promise.all(
      all.map(async (each, seed) => {
        await inflated(each, deflated(original(LENGTH, seed)));
        most = Math.max(most, open());
      }),
    );
    expect(most).toBeLessThanOrEqual(takeover ? 30 : SLOTS);
    expect(open()).toBe(takeover ? 30 : 0);
  });

  test('return their part of the budget when they close', async () => {
    const options = settings(takeover, 256 * KiB);
    const all = await crowd(12, options);
    const [last, ...closing] = all;
    const told = vi.fn();
    for (const [seed, each] of closing.entries()) {
      each.decompress(deflated(original(LENGTH, seed)), told);
    }
    // Some are inflated in turns, some are paused by the budget, some wait.
    await inflated(connections(1, options)[0]!, deflated(Buffer.from('meanwhile')));
    for (const each of closing) each.close();
    const message = original(LENGTH, 99);
    expect((await inflated(last!, deflated(message))).equals(message)).toBe(true);
    expect(told).not.toHaveBeenCalled();
    expect(options.budget.bytes).toBe(0);
  });
});

test('only as many messages as there are slots wait with output, however many arrive in one turn', async () => {
  const options = settings(true, MiB);
  const all = connections(40, options);
  for (const each of all) await inflated(each, deflated(Buffer.from('hello')));
  let most = 0;
  const add = vi.spyOn(options.budget, 'add');
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  add.mockImplementation((bytes) => {
    InflateBudget.prototype.add.call(options.budget, bytes);
    most = Math.max(most, options.budget.bytes);
  });
  const bomb = deflated(Buffer.alloc(2 * MiB, 'a'));
  await Promise.all(all.map((each) => inflated(each, bomb)));
  expect(most).toBeLessThan(MiB + 2 * MiB + 2 * SLOTS * MAX_HERE + SLOTS * CHUNK);
  expect(options.budget.bytes).toBe(0);
});

test.each([false, true])(
  'no engine call produces more than MAX_HERE bytes, even after a final block (context takeover: %s)',
  async (takeover) => {
    const [one] = connections(1, settings(takeover, MiB));
    const run = vi.spyOn(Stream.prototype, 'inflate');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const bomb = Buffer.alloc(14 * MiB);
    const message = Buffer.concat([Buffer.of(3, 0), deflated(bomb)]);
    expect((await inflated(one!, message)).length).toBe(bomb.length);
    const made = run.mock.results.map(({ value }) => (value as { data: Uint8Array }).data.length);
    expect(run).toHaveBeenCalled();
    expect(Math.max(...made)).toBeLessThanOrEqual(MAX_HERE);
  },
);

test('a message for which there is no memory fails with 1011, and returns its slot', async () => {
  const options = settings(false, MiB, { concurrency: new ConcurrencyLimit(1) });
  const [one, other] = connections(2, options);
  const message = original(3 * MiB, 1);
  const { allocUnsafe } = Buffer;
  const refusing = vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => {
    if (size === message.length) throw new RangeError('Array buffer allocation failed');
    return allocUnsafe(size);
  });
  onTestFinished(() => {
    refusing.mockRestore();
  });
  await expect(inflated(one!, deflated(message))).rejects.toMatchObject({ closeCode: 1011 });
  refusing.mockRestore();
  expect((await inflated(other!, deflated(message))).equals(message)).toBe(true);
  expect(options.budget.bytes).toBe(0);
});

test('a message longer than the budget arrives, even in several streams', async () => {
  const options = settings(false, 1);
  const [one] = connections(1, options);
  const message = original(3 * MiB, 1);
  expect((await inflated(one!, deflated(message))).equals(message)).toBe(true);
  const streams = Buffer.concat([deflateRawSync(message), deflateRawSync(message), Buffer.of(0)]);
  expect((await inflated(one!, streams)).equals(Buffer.concat([message, message]))).toBe(true);
  expect(options.budget.bytes).toBe(0);
});

test('a message with many final blocks is inflated by the context of its connection', async () => {
  const [one] = connections(1, settings(true, MiB));
  const used = vi.spyOn(Stream.prototype, 'inflate');
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  const blocks = Buffer.alloc(16, Buffer.of(3, 0));
  for (let count = 0; count < 500; count++) expect(await inflated(one!, blocks)).toHaveLength(0);
  expect(new Set(used.mock.contexts).size).toBe(1);
});

test('a message after a final block cannot refer to anything before that block', async () => {
  const [one] = connections(1, settings(true, MiB));
  const said = Buffer.from('what was said before, which is long enough');
  await inflated(one!, deflated(said));
  // It refers only to its dictionary, which the inflater does not have after a final block.
  const pointing = deflateRawSync(said, { dictionary: said, finishFlush: constants.Z_SYNC_FLUSH });
  const ended = Buffer.concat([Buffer.of(3, 0), pointing.subarray(0, -4)]);
  await expect(inflated(one!, ended)).rejects.toMatchObject({ closeCode: 1007 });
});

test('a message cannot refer to a first message that ended with a final block', async () => {
  const [one] = connections(1, settings(true, MiB));
  const said = Buffer.from('what was said before, which is long enough');
  await inflated(one!, Buffer.concat([deflateRawSync(said), Buffer.of(0)]));
  const pointing = deflateRawSync(said, { dictionary: said, finishFlush: constants.Z_SYNC_FLUSH });
  await expect(inflated(one!, pointing.subarray(0, -4))).rejects.toMatchObject({ closeCode: 1007 });
});

describe('one turn of the event loop', () => {
  const message = deflated(original(100 * KiB, 1));

  test('inflates a limited number of bytes over all connections; the rest waits, and arrives in order', async () => {
    const options = settings(false, MiB, { turn: new TurnShare(MiB) });
    const order: number[] = [];
    for (const [index, each] of connections(40, options).entries()) {
      each.decompress(message, () => order.push(index));
    }
    expect(order.length).toBeLessThanOrEqual(11);
    expect(order.length).toBeGreaterThan(5);
    await vi.waitUntil(() => order.length === 40, { interval: 1 });
    expect(order).toEqual(order.map((_each, index) => index));
  });

  test('takes one message of each connection in turn, even if one peer sends very many', async () => {
    const options = settings(false, MiB, { turn: new TurnShare(256 * KiB) });
    const [many, one] = connections(2, options);
    const order: string[] = [];
    let left = 50;
    const sendNext = (): void => {
      order.push('many');
      if (--left > 0) many!.decompress(message, sendNext);
    };
    many!.decompress(message, sendNext);
    await new Promise<void>((resolve) => {
      one!.decompress(message, () => {
        order.push('one');
        resolve();
      });
    });
    // The messages that one turn inflates, and the one that waited longest.
    expect(order.indexOf('one')).toBeLessThanOrEqual(4);
    await vi.waitUntil(() => left === 0, { interval: 1 });
  });

  // Empty stored blocks, which produce nothing.
  const blocks = (bytes: number): Buffer =>
    Buffer.concat([Buffer.alloc(bytes, '000000ffff', 'hex'), Buffer.of(0)]);

  test('reads a limited part of a long message that produces nothing', async () => {
    const [one] = connections(1, settings(false, MiB));
    const run = vi.spyOn(Stream.prototype, 'inflate');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const made = inflated(one!, blocks(1_000_000));
    // Each call reads 24 KiB.
    expect(run.mock.calls.length).toBeLessThan(10);
    expect(await made).toHaveLength(0);
    expect(run.mock.calls.length).toBeGreaterThan(30);
  });

  test('reads a limited number of messages that produce nothing', async () => {
    const all = connections(40, settings(false, MiB, { turn: new TurnShare() }));
    let count = 0;
    for (const each of all) each.decompress(blocks(15_000), () => count++);
    expect(count).toBeLessThan(15);
    await vi.waitUntil(() => count === all.length, { interval: 1 });
  });

  test('counts calls too, because short messages take time', () => {
    const turn = new TurnShare(MiB);
    let count = 0;
    for (; turn.isOpen; count++) turn.spend(0, 1);
    expect(count).toBeLessThan(1000);
  });

  test('continues after a job that throws, and reports its error', async () => {
    const turn = new TurnShare(MiB);
    const thrown = new Promise<Error>((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve);
    });
    onTestFinished(() => {
      process.setUncaughtExceptionCaptureCallback(null);
    });
    const next = new Promise<void>((resolve) => {
      turn.wait(() => {
        throw new Error('from a listener');
      });
      turn.wait(resolve);
    });
    expect((await thrown).message).toBe('from a listener');
    await next;
  });
});

test('a slot throws the first of several errors, and reports the others as uncaught', async () => {
  const fail = (text: string) => () => {
    throw new Error(text);
  };
  const thrown = new Promise<Error>((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  onTestFinished(() => {
    process.setUncaughtExceptionCaptureCallback(null);
  });
  const job = new InflateJob(Buffer.alloc(0), 0, () => {});
  const slot = new InflateSlot(job, new InflateBudget(0), fail('from the next job'), () => {});
  expect(() => slot.end(fail('from a listener'))).toThrow('from a listener');
  expect((await thrown).message).toBe('from the next job');
});

describe('the budget', () => {
  const job = () => ({ resume: vi.fn() });

  test('pauses all jobs except the oldest when it is used up, and continues them later', () => {
    const budget = new InflateBudget(100);
    const [oldest, second, third, last] = [job(), job(), job(), job()];
    for (const each of [oldest, second, third, last]) budget.enter(each);
    budget.add(100);
    expect([oldest, second, third].map((each) => budget.mayRun(each))).toEqual([true, false, false]);
    budget.leave(oldest);
    expect(second.resume).toHaveBeenCalledOnce();
    expect(third.resume).not.toHaveBeenCalled();
    budget.leave(last, 1);
    expect(third.resume).toHaveBeenCalledOnce();
  });

  test('continues the other jobs when one throws', () => {
    const budget = new InflateBudget(1);
    const resume = (): void => {
      throw new Error('from a listener');
    };
    const [oldest, second, third] = [job(), { resume }, job()];
    for (const each of [oldest, second, third]) budget.enter(each);
    budget.add(1);
    expect([oldest, second, third].map((each) => budget.mayRun(each))).toEqual([true, false, false]);
    expect(() => budget.leave(oldest, 1)).toThrow('from a listener');
    expect(third.resume).toHaveBeenCalledOnce();
  });

  test('of 0 means no limit', () => {
    const budget = new InflateBudget(0);
    budget.enter(job());
    const other = job();
    budget.enter(other);
    budget.add(2 ** 40);
    expect(budget.mayRun(other)).toBe(true);
  });
});
