// Without context takeover: what connections share, and messages to many of them.
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  acceptOffer,
  compressionStatistics,
  createOffer,
  PerMessageDeflate,
  resolveOption,
  roleView,
  type PerMessageDeflateOptions,
} from '@framewire/permessage-deflate';
import { compress, decompress, view } from './transforming.ts';

const TEXT = 'the same to everybody; '.repeat(100);

function made(extension: PerMessageDeflate, data: string | Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    extension.compress({ data, first: true, fin: true }, (error, compressed) => {
      if (error) reject(error);
      else resolve(compressed!);
    });
  });
}

function inflated(message: Uint8Array): string {
  return inflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

describe('a text to many connections in one turn', () => {
  test('is compressed once, and all get the same bytes', async () => {
    const options = {};
    const all = Array.from({ length: 100 }, () => new PerMessageDeflate(view(15, false), 0, options));
    const bytes = await Promise.all(all.map((extension) => made(extension, TEXT)));
    expect(new Set(bytes).size).toBe(1);
    expect(inflated(bytes[0]!)).toBe(TEXT);
  });

  test('is compressed once on the thread pool too, even if the first connection closes', async () => {
    const options = { deflateOffThreadFrom: 0 };
    const all = Array.from({ length: 10 }, () => new PerMessageDeflate(view(15, false), 0, options));
    const [first, ...others] = all.map((extension) => made(extension, TEXT));
    all[0]!.close();
    expect(new Set(await Promise.all(others)).size).toBe(1);
    // The first one is not called back.
    expect(await Promise.race([first!, Promise.resolve('pending')])).toBe('pending');
  });

  test('is compressed once for connections with separate but equal options', async () => {
    const all = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0, { threshold: 100 }));
    const [first, second] = await Promise.all(all.map((extension) => made(extension, TEXT)));
    expect(first).toBe(second);
  });

  test.each<[string, PerMessageDeflate]>([
    ['with another level', new PerMessageDeflate(view(15, false), 0, { zlibDeflateOptions: { level: 9 } })],
    ['with another window', new PerMessageDeflate(view(10, false), 0)],
    ['with context takeover', new PerMessageDeflate(view(15, true), 0)],
  ])('is compressed again for a connection %s', async (_what, other) => {
    const one = new PerMessageDeflate(view(15, false), 0);
    const [first, second] = await Promise.all([made(one, TEXT), made(other, TEXT)]);
    expect(first).not.toBe(second);
  });

  test('is compressed again in the next turn; bytes are always compressed again, because their owner may change them', async () => {
    const one = new PerMessageDeflate(view(15, false), 0);
    const before = await made(one, TEXT);
    await new Promise(setImmediate);
    expect(await made(one, TEXT)).not.toBe(before);
    const bytes = Buffer.from(TEXT);
    const first = made(one, bytes);
    bytes.fill('x');
    expect(inflated(await made(one, bytes))).toBe('x'.repeat(TEXT.length));
    expect(inflated(await first)).toBe(TEXT);
  });

  test('is compressed for the next connection if there was no memory for the first one', async () => {
    const options = {};
    const text = `new: ${TEXT}`;
    const [first, next] = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0, options));
    vi.spyOn(Buffer, 'from').mockImplementationOnce(() => {
      throw new RangeError('no memory');
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const results = [made(first!, text), made(next!, text)];
    await expect(results[0]).rejects.toThrow('no memory');
    expect(inflated((await results[1])!)).toBe(text);
  });

  test('is searched for among the last sixteen, so that many texts in one turn stay fast', async () => {
    const options = {};
    const [one, two] = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0, options));
    const sent = Array.from({ length: 40 }, (_, index) => made(one!, `${index} ${TEXT}`));
    const near = made(two!, `39 ${TEXT}`);
    const far = made(two!, `1 ${TEXT}`);
    expect(await near).toBe(await sent[39]);
    expect(await far).not.toBe(await sent[1]);
    expect(await far).toEqual(await sent[1]);
  });
});

describe('memory that connections share', () => {
  const secret = 'a secret of one connection, '.repeat(40);

  test.each([
    ['whole', [secret]],
    ['in fragments', [secret, secret]],
  ])('the next connection does not refer back to a message that is sent %s', async (_how, parts) => {
    const [one, two] = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0, { threshold: 0 }));
    const alone = (await compress(two!, [Buffer.from(secret)]))!;
    await compress(
      one!,
      parts.map((part) => Buffer.from(part)),
    );
    expect((await compress(two!, [Buffer.from(secret)]))!.length).toBe(alone.length);
    expect(inflated(alone)).toBe(secret);
  });

  test('a message that refers back to another connection’s message is rejected', async () => {
    const sender = new PerMessageDeflate(view(15, true), 0);
    const secret = Buffer.concat([randomBytes(600), Buffer.alloc(99)]);
    const first = (await compress(sender, [secret]))!;
    const pointing = (await compress(sender, [secret]))!;
    const [one, two] = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0));
    await decompress(one!, first);
    await expect(decompress(two!, pointing)).rejects.toMatchObject({ closeCode: 1007 });
    sender.close();
  });

  test('the fragments of a message refer back to each other', async () => {
    const random = randomBytes(2000);
    const sender = new PerMessageDeflate(view(15, false), 0, { threshold: 0 });
    expect((await compress(sender, [random, random, random]))!.length).toBeLessThan(2200);
  });
});

describe('a text that cannot be compressed', () => {
  const wrong = { zlibDeflateOptions: { level: 99 } };

  test('is reported to all connections that send it, even if a callback throws', async () => {
    const options = { ...wrong };
    const [one, two] = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0, options));
    const part = { data: TEXT, first: true, fin: true };
    const errors: (Error | null)[] = [];
    one!.compress(part, (error) => errors.push(error));
    two!.compress(part, (error) => errors.push(error));
    expect(errors.map((error) => error instanceof Error)).toEqual([true, true]);

    const waiting = [1, 2, 3].map(
      () => new PerMessageDeflate(view(15, false), 0, { deflateOffThreadFrom: 0 }),
    );
    const told: number[] = [];
    onTestFinished(() => {
      process.setUncaughtExceptionCaptureCallback(null);
    });
    const thrown = new Promise<Error>((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve);
    });
    for (const [index, extension] of waiting.entries()) {
      extension.compress(part, () => {
        told.push(index);
        if (index === 1) throw new Error('from a listener');
      });
    }
    expect((await thrown).message).toBe('from a listener');
    expect(told).toEqual([0, 1, 2]);
  });
});

describe('a connection that closes while the thread pool is at work', () => {
  test('is not called back, and returns its slot', async () => {
    const options = { deflateOffThreadFrom: 0, inflateInTurnsFrom: 0 };
    const sender = new PerMessageDeflate(view(15, false), 0, options);
    const compressed = (await compress(sender, [Buffer.alloc(4 << 20)]))!;
    const told: string[] = [];
    for (let i = 0; i < 14; i++) {
      const closing = new PerMessageDeflate(view(15, false), 0, options);
      // It inflates to 4 MiB, so it takes several turns.
      closing.decompress(compressed, () => told.push('inflated'));
      closing.compress({ data: Buffer.alloc(1 << 20), first: true, fin: true }, () => told.push('deflated'));
      closing.close();
    }
    // After all of them.
    expect((await decompress(sender, compressed)).length).toBe(4 << 20);
    expect(told).toEqual([]);
    sender.close();
  });

  test('or whose message is corrupt keeps no slot', async () => {
    const wrong = new PerMessageDeflate(view(15, false), 0, {
      inflateInTurnsFrom: 0,
      zlibInflateOptions: { chunkSize: 1 },
    });
    for (let i = 0; i < 12; i++) await expect(decompress(wrong, Buffer.alloc(9))).rejects.toThrow();
    const right = new PerMessageDeflate(view(15, false), 0, { deflateOffThreadFrom: 0 });
    expect(await compress(right, [Buffer.alloc(5000)])).toBeDefined();
  });
});

describe('the profile "shared"', () => {
  test('disables context takeover on both sides, whichever side has it', () => {
    const shared = resolveOption('shared')!;
    const byServer = acceptOffer([createOffer({})], shared);
    expect(byServer.ok && byServer.agreement).toMatchObject({
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    });
    const byClient = acceptOffer([createOffer(shared)], {});
    expect(byClient.ok && byClient.agreement).toMatchObject({
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
    });
  });

  test('compresses messages of at least 256 bytes, unless a threshold is given', async () => {
    const agreement = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    } as const;
    const lengths = async (options: PerMessageDeflateOptions): Promise<boolean[]> => {
      const extension = new PerMessageDeflate(roleView(agreement, 'server'), 0, options);
      const sizes = [99, 100, 255, 256];
      return Promise.all(
        sizes.map(async (size) => (await compress(extension, [Buffer.alloc(size)])) !== undefined),
      );
    };
    expect(await lengths(resolveOption('shared')!)).toEqual([false, false, false, true]);
    expect(await lengths(resolveOption({ profile: 'shared' })!)).toEqual([false, false, false, true]);
    expect(await lengths(resolveOption({ profile: 'shared', threshold: 100 })!)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  test('compresses at level 3, unless a level is given', () => {
    expect(resolveOption('shared')?.zlibDeflateOptions).toEqual({ level: 3 });
    const own = resolveOption({ profile: 'shared', zlibDeflateOptions: { level: 9, memLevel: 9 } });
    expect(own?.zlibDeflateOptions).toEqual({ level: 9, memLevel: 9 });
    const leftOut = resolveOption({
      profile: 'shared',
      threshold: undefined,
      zlibDeflateOptions: { level: undefined },
    });
    expect(leftOut).toMatchObject({ threshold: 256, zlibDeflateOptions: { level: 3 } });
  });

  test('resolves an option to the same object each time, so that connections can share', () => {
    const option = { profile: 'shared' } as const;
    expect(resolveOption(option)).toBe(resolveOption(option));
    expect(resolveOption('shared')).toBe(resolveOption('shared'));
    expect(resolveOption(true)).toBe(resolveOption(true));
    const own = { threshold: 1 };
    expect(resolveOption(own)).toBe(own);
  });

  test('is the only profile', () => {
    expect(() => resolveOption({ profile: 'exclusive' as 'shared' })).toThrow(
      new TypeError('Unknown perMessageDeflate profile "exclusive"'),
    );
    expect(resolveOption(false)).toBeUndefined();
    expect(resolveOption(undefined)).toBeUndefined();
    expect(resolveOption(null)).toBeUndefined();
  });
});

describe('the statistics', () => {
  test('count messages and bytes of a connection and of the process, before and after compression, in both directions', async () => {
    const before = compressionStatistics();
    const extension = new PerMessageDeflate(view(15, false), 0, { threshold: 100 });
    const compressed = (await compress(extension, [Buffer.from(TEXT)]))!;
    const fragmented = (await compress(extension, [Buffer.from(TEXT), Buffer.from('end')]))!;
    expect(await compress(extension, [Buffer.from('short')])).toBeUndefined();
    const text = await made(extension, 'é'.repeat(1000));
    await new Promise<void>((resolve) => extension.decompress(compressed, () => resolve()));
    const { sent, received } = extension.statistics;
    expect(sent).toMatchObject({
      messages: 3,
      bytes: 2 * TEXT.length + 3 + 2000,
      compressedBytes: compressed.length + fragmented.length + text.length,
      sentUncompressed: 1,
      threadPoolMilliseconds: 0,
    });
    expect(received).toMatchObject({
      messages: 1,
      bytes: TEXT.length,
      compressedBytes: compressed.length,
      sentUncompressed: 0,
    });
    expect(sent.milliseconds).toBeGreaterThan(0);
    expect(received.milliseconds).toBeGreaterThan(0);
    const after = compressionStatistics();
    expect(after.sent.messages - before.sent.messages).toBe(3);
    expect(after.sent.bytes - before.sent.bytes).toBe(sent.bytes);
    expect(after.received.compressedBytes - before.received.compressedBytes).toBe(compressed.length);
  });

  test('separate time on the thread pool from time in the event loop', async () => {
    const extension = new PerMessageDeflate(view(15, false), 0, { deflateOffThreadFrom: 0 });
    const compressed = (await compress(extension, [Buffer.alloc(1_000_000)]))!;
    await decompress(extension, compressed);
    const { sent, received } = extension.statistics;
    expect(sent.threadPoolMilliseconds).toBeGreaterThan(0);
    expect(sent.milliseconds).toBe(0);
    expect(received.milliseconds).toBeGreaterThan(0);
    expect(received.threadPoolMilliseconds).toBe(0);
  });

  test('count the time of long messages that take turns with others', async () => {
    const all = [1, 2].map(() => new PerMessageDeflate(view(15, false), 0));
    await Promise.all(all.map((each) => compress(each, [Buffer.alloc(4_000_000)])));
    for (const { statistics } of all) expect(statistics.sent.milliseconds).toBeGreaterThan(0);
  });

  test('are a snapshot, which does not change later', async () => {
    const extension = new PerMessageDeflate(view(15, false), 0);
    const before = extension.statistics;
    await made(extension, TEXT);
    expect(before.sent.messages).toBe(0);
  });
});
