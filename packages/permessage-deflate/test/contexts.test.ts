// What a connection with context takeover remembers and for how long. No receiver notices that it forgets.
import '@framewire/testing/fake-timers';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Deflater as Stream } from '@framewire/deflate';
import { collectGarbage } from '@framewire/testing';
import { PerMessageDeflate, type TransformOptions } from '@framewire/permessage-deflate';
import { DROPPED_AT_ONCE, IdleContexts } from '../src/idle-contexts.ts';
import { compress, decompress, inflateAll, view } from './transforming.ts';

/** Incompressible bytes, the same for the same seed. */
function noise(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(Array.from({ length }, () => (state = (state * 1103515245 + 12345) >>> 0) >>> 16));
}

function sends(options: TransformOptions = {}): PerMessageDeflate {
  return new PerMessageDeflate(view(15, true), 0, options);
}

/** The length of the message on the wire, compressed or not. */
async function lengthOf(extension: PerMessageDeflate, message: Buffer): Promise<number> {
  return (await compress(extension, [message]))?.length ?? message.length;
}

afterEach(() => {
  vi.clearAllTimers();
});

describe('with context takeover', () => {
  test('never sends the same bytes twice, near or far back', async () => {
    const sender = sends();
    const said = noise(1000, 1);
    expect(await lengthOf(sender, Buffer.concat([said, Buffer.alloc(1000)]))).toBeGreaterThan(1000);
    // Little more than a reference takes.
    expect(await lengthOf(sender, said)).toBeLessThan(50);
    for (let seed = 2; seed < 20; seed++)
      await compress(sender, [Buffer.concat([noise(1000, seed), Buffer.alloc(99)])]);
    // Nearly 20 KB back.
    expect(await lengthOf(sender, said)).toBeLessThan(250);
    sender.close();
  });

  test('never refers to a message that was sent uncompressed, because the peer’s inflater has not seen it', async () => {
    const sender = sends();
    const compressed: Buffer[] = [];
    const texts = ['hello '.repeat(20), 'x'.repeat(1000), 'hello '.repeat(20)];
    const secret = noise(500, 7);
    for (const text of texts) {
      expect(await compress(sender, [secret])).toBeUndefined();
      compressed.push((await compress(sender, [Buffer.from(text)]))!);
    }
    expect(await inflateAll(compressed)).toBe(texts.join(''));
    sender.close();
  });

  test.each([500, 100_000])(
    'keeps the context when a message does not shrink: later messages refer to earlier ones (%i bytes)',
    async (length) => {
      const sender = sends();
      const snapshot = Buffer.from(JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id }))));
      const said = [snapshot, snapshot, randomBytes(length), snapshot];
      const compressed: (Buffer | undefined)[] = [];
      for (const message of said) compressed.push(await compress(sender, [message]));
      expect(compressed[2]).toBeUndefined();
      expect(compressed[3]!.length).toBeLessThan(0.6 * compressed[0]!.length);
      expect(await inflateAll(compressed.filter((each) => each !== undefined))).toBe(
        String(snapshot).repeat(3),
      );
      sender.close();
    },
  );

  test('holds its window once, also after a long message that does not shrink', async () => {
    const senders = Array.from({ length: 20 }, () => sends());
    const [said, other] = [Buffer.from('alpha beta '.repeat(4000)), randomBytes(100_000)];
    for (const sender of senders) await compress(sender, [said]);
    const held = async (): Promise<number> => {
      // The memory of collected buffers is freed a little later.
      for (let round = 0; round < 3; round++) {
        collectGarbage();
        await new Promise(setImmediate);
      }
      return process.memoryUsage().arrayBuffers / senders.length;
    };
    const before = await held();
    for (const sender of senders) expect(await compress(sender, [other])).toBeUndefined();
    expect((await held()) - before).toBeLessThan(8 * 1024);
    for (const sender of senders) sender.close();
  });

  test('remembers bytes on the thread pool as they were before their owner changed them', async () => {
    const sender = sends({ deflateOffThreadFrom: 1000, dropContextAfter: 1000 });
    const bytes = Buffer.from('what was said '.repeat(300));
    const away = compress(sender, [bytes]);
    bytes.fill('!');
    const compressed = [(await away)!];
    // After the drop, only the end of the history remains.
    vi.advanceTimersByTime(5000);
    compressed.push((await compress(sender, [Buffer.from('!'.repeat(300))]))!);
    expect(await inflateAll(compressed)).toBe('what was said '.repeat(300) + '!'.repeat(300));
    sender.close();
  });

  test('compresses a message whose first fragment is empty, but not an empty message', async () => {
    const sender = sends();
    expect((await compress(sender, [Buffer.alloc(0), Buffer.alloc(5000)]))!.length).toBeLessThan(50);
    expect(await compress(sender, [Buffer.alloc(0)])).toBeUndefined();
    sender.close();
  });

  test('uses all of a dictionary', async () => {
    const dictionary = noise(16_000, 3);
    const sender = sends({ zlibDeflateOptions: { dictionary } });
    expect(await lengthOf(sender, dictionary.subarray(0, 500))).toBeLessThan(50);
    sender.close();
  });

  test('compresses and remembers messages that would not shrink with leaveIncompressible: false', async () => {
    const sender = sends({ leaveIncompressible: false });
    const message = noise(500, 7);
    const first = (await compress(sender, [message]))!;
    expect(first.length).toBeGreaterThan(500);
    const second = (await compress(sender, [message]))!;
    expect(second.length).toBeLessThan(50);
    expect(await inflateAll([first, second])).toBe(message.toString('latin1').repeat(2));
    sender.close();
  });

  test('takeoverThreshold sends short messages uncompressed; by default all are compressed', async () => {
    const [all, some] = [sends(), sends({ takeoverThreshold: 64 })];
    expect(await compress(all, [Buffer.alloc(63)])).toBeDefined();
    expect(await compress(some, [Buffer.alloc(63)])).toBeUndefined();
    expect(await compress(some, [Buffer.alloc(64)])).toBeDefined();
    all.close();
    some.close();
  });

  test('lets the first message refer to a dictionary that both ends have', async () => {
    const dictionary = noise(300, 3);
    const options = { zlibDeflateOptions: { dictionary }, zlibInflateOptions: { dictionary } };
    const [sender, receiver] = [sends(options), sends(options)];
    for (let round = 0; round < 20; round++) {
      const message = Buffer.concat([dictionary, noise(round * 50, round)]);
      const compressed = (await compress(sender, [message]))!;
      expect(compressed.length).toBeLessThan(round * 51 + 60);
      expect((await decompress(receiver, compressed)).equals(message)).toBe(true);
    }
    sender.close();
    receiver.close();
  });
});

describe('dropContextAfter', () => {
  /** A sender with a context, and a message that it remembers. */
  async function withContext(
    options: TransformOptions,
  ): Promise<{ sender: PerMessageDeflate; said: Buffer }> {
    const sender = sends(options);
    const said = noise(1000, 1);
    await compress(sender, [Buffer.concat([said, Buffer.alloc(99)])]);
    for (let seed = 2; seed < 10; seed++)
      await compress(sender, [Buffer.concat([noise(1000, seed), Buffer.alloc(99)])]);
    return { sender, said };
  }

  test('drops the context of a connection that compresses nothing for that long, and no receiver notices', async () => {
    const { sender, said } = await withContext({ dropContextAfter: 1000 });
    vi.advanceTimersByTime(2000);
    expect(await lengthOf(sender, said)).toBeGreaterThan(500);
    // The end of the history is kept.
    expect(await lengthOf(sender, noise(1000, 9))).toBeLessThan(50);
    expect(vi.getTimerCount()).toBe(1);
    sender.close();
    vi.advanceTimersByTime(2000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps the context if there is no memory for a smaller one', async () => {
    const { sender, said } = await withContext({ dropContextAfter: 1000 });
    const remember = vi.spyOn(Stream.prototype, 'remember').mockImplementationOnce(() => {
      throw new Error('no memory');
    });
    vi.advanceTimersByTime(2000);
    expect(remember).toHaveBeenCalledOnce();
    remember.mockRestore();
    expect(await lengthOf(sender, said)).toBeLessThan(100);
    sender.close();
  });

  test('also drops the context after a long message that does not shrink', async () => {
    const { sender, said } = await withContext({ dropContextAfter: 1000 });
    expect(await compress(sender, [randomBytes(100_000)])).toBeUndefined();
    vi.advanceTimersByTime(2000);
    expect(await lengthOf(sender, said)).toBeGreaterThan(500);
    sender.close();
  });

  test('keeps the context of a connection that continues to send', async () => {
    const { sender, said } = await withContext({ dropContextAfter: 1000 });
    for (let round = 0; round < 10; round++) {
      vi.advanceTimersByTime(900);
      await compress(sender, [Buffer.alloc(50)]);
    }
    expect(await lengthOf(sender, said)).toBeLessThan(100);
    sender.close();
  });

  test('is off by default', async () => {
    const { sender, said } = await withContext({});
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1e9);
    expect(await lengthOf(sender, said)).toBeLessThan(100);
    sender.close();
  });

  test('drops a few contexts in each turn of the event loop, except those that are used or closed meanwhile', async () => {
    const contexts = new IdleContexts(1000);
    const all = Array.from({ length: 3 * DROPPED_AT_ONCE }, () => ({ dropContext: vi.fn() }));
    for (const each of all) contexts.use(each);
    const dropped = () => all.filter(({ dropContext }) => dropContext.mock.calls.length > 0).length;
    vi.advanceTimersByTime(2000);
    expect(dropped()).toBe(DROPPED_AT_ONCE);
    contexts.use(all.at(-1)!);
    contexts.delete(all.at(-2)!);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect(dropped()).toBe(all.length - 2);
    vi.advanceTimersByTime(2000);
    expect(dropped()).toBe(all.length - 1);
  });

  test('keeps a context that is in use on the thread pool, for a fragmented message too', async () => {
    const sender = sends({ dropContextAfter: 1000, deflateOffThreadFrom: 0 });
    const parts = [noise(3000, 1), noise(3000, 2), noise(3000, 1)];
    const compressed: Buffer[] = [];
    for (let round = 0; round < 3; round++) {
      const message = compress(sender, parts);
      vi.advanceTimersByTime(5000);
      compressed.push((await message)!);
    }
    expect(await inflateAll(compressed)).toBe(Buffer.concat(parts).toString('latin1').repeat(3));
    sender.close();
  });
});

/** Steps of a connection: a message in fragments, or a pause. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('message' as const), parts: messages(), seed: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
);

function messages(): fc.Arbitrary<number[]> {
  return fc.array(fc.oneof(fc.nat(300), fc.nat(6000)), { minLength: 1, maxLength: 3 });
}

/** Bytes of which some repeat other messages and some are incompressible. */
function content(length: number, seed: number): Buffer {
  const text = Buffer.from(JSON.stringify({ seed, words: 'alpha beta gamma '.repeat(8) }).repeat(60));
  return Buffer.concat([noise(length >> 2, seed), text]).subarray(0, length);
}

test.each([
  ['with our engine', Infinity],
  ['with zlib on the thread pool', 0],
  ['with either, depending on the length', 1000],
])(
  'the peer restores every message, whatever was remembered or forgotten; compressed %s',
  async (_where, offThreadFrom) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 14 }),
        fc.constantFrom(9, 12, 15),
        fc.boolean(),
        fc.constantFrom(0, 200),
        async (steps, windowBits, leaveIncompressible, takeoverThreshold) => {
          const sender = new PerMessageDeflate(view(windowBits, true), 0, {
            dropContextAfter: 1000,
            takeoverThreshold,
            leaveIncompressible,
            deflateOffThreadFrom: offThreadFrom,
          });
          const receiver = new PerMessageDeflate(view(windowBits, true), 0, {
            inflateInTurnsFrom: offThreadFrom,
          });
          const compressed: Buffer[] = [];
          const said: Buffer[] = [];
          for (const each of steps) {
            if (each.kind === 'pause') {
              vi.advanceTimersByTime(2000);
              continue;
            }
            const parts = each.parts.map((length, index) => content(length, each.seed + index));
            const made = await compress(sender, parts);
            if (made === undefined) continue;
            expect((await decompress(receiver, made)).equals(Buffer.concat(parts))).toBe(true);
            compressed.push(made);
            said.push(...parts);
          }
          expect(await inflateAll(compressed)).toBe(Buffer.concat(said).toString('latin1'));
          sender.close();
          receiver.close();
        },
      ),
      { numRuns: 40 },
    );
  },
  60_000,
);
