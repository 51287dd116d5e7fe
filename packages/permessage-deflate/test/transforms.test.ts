// The results of the transforms, compared with zlib.
import { once } from 'node:events';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { DeflateError } from '@framewire/deflate';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConcurrencyLimit, DEFAULT_CONCURRENCY_LIMIT } from '../src/concurrency.ts';
import { inflateErrorOf } from '../src/inflate-error.ts';
import { PerMessageDeflate, type TransformOptions } from '@framewire/permessage-deflate';
import { compress, decompress, inflateAll, view } from './transforming.ts';

/** Our engine, synchronously or in turns; and zlib, on the thread pool too. */
const engines: [string, TransformOptions][] = [
  ['synchronously', { inflateInTurnsFrom: Infinity }],
  ['on the thread pool, and in turns', { deflateOffThreadFrom: 0, inflateInTurnsFrom: 0 }],
  ['in either way, depending on the length', { deflateOffThreadFrom: 200, inflateInTurnsFrom: 100 }],
  ['by zlib', { zlibDeflateOptions: { strategy: constants.Z_FILTERED } }],
];

/** Data of which some is compressible. */
const data = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc
    .array(fc.constantFrom('alpha', 'beta', 'gamma', '{"id":'), { maxLength: 200 })
    .map((words) => Buffer.from(words.join(' '))),
);

describe.each(engines)('transforms %s', (_engine, options) => {
  test('restore any messages in any fragments, with any window, with and without context takeover', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(data, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
        fc.constantFrom(8, 9, 12, 15),
        fc.boolean(),
        async (messages, windowBits, takeover) => {
          const sender = new PerMessageDeflate(view(windowBits, takeover), 0, {
            ...options,
            threshold: 0,
          });
          const receiver = new PerMessageDeflate(view(windowBits, takeover), 0, options);
          for (const parts of messages) {
            const compressed = await compress(sender, parts);
            if (compressed === undefined) continue;
            expect((await decompress(receiver, compressed)).equals(Buffer.concat(parts))).toBe(true);
          }
          sender.close();
          receiver.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('produce what zlib reads, with context takeover', async () => {
    const sender = new PerMessageDeflate(view(15, true), 0, options);
    const texts = ['hello', 'hello', 'hello hello '.repeat(100), 'hello'];
    const compressed: Buffer[] = [];
    for (const text of texts)
      compressed.push((await compress(sender, [Buffer.from(text), Buffer.from(' and on')]))!);
    expect(await inflateAll(compressed)).toBe(texts.map((text) => `${text} and on`).join(''));
    sender.close();
  });

  test('read the examples of RFC 7692 §7.2.3', async () => {
    const receiver = new PerMessageDeflate(view(15, true), 0, options);
    const read = async (digits: string): Promise<string> =>
      (await decompress(receiver, Buffer.from(digits.replaceAll(' ', ''), 'hex'))).toString();
    expect(await read('f2 48 cd c9 c9 07 00')).toBe('Hello');
    expect(await read('f2 00 11 00 00')).toBe('Hello');
    expect(await read('00 05 00 fa ff 48 65 6c 6c 6f 00')).toBe('Hello');
    expect(await read('f3 48 cd c9 c9 07 00 00')).toBe('Hello');
    expect(await read('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')).toBe('Hello');
    expect(await read('00')).toBe('');
    receiver.close();
  });

  test('read several streams in one message (§7.2.3.4), and the message after it', async () => {
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
      const stream = deflateRawSync('once more ');
      expect(String(await decompress(receiver, Buffer.concat([stream, stream, stream, Buffer.of(0)])))).toBe(
        'once more once more once more ',
      );
      expect(String(await decompress(receiver, stream))).toBe('once more ');
      expect(String(await decompress(receiver, Buffer.concat([stream, stream])))).toBe(
        'once more once more ',
      );
      receiver.close();
    }
  });

  test('reject a message of very many streams, because even a short stream costs time', async () => {
    const receiver = new PerMessageDeflate(view(15, false), 0, options);
    const streams = Buffer.concat(Array.from({ length: 50_000 }, () => Buffer.of(3, 0)));
    await expect(decompress(receiver, streams)).rejects.toMatchObject({ closeCode: 1007 });
  });

  test('read a message whose input is used up before its output', async () => {
    // It ends within a block, and its last match begins at the end of a step.
    const begin = Buffer.from('ecc2010d00000c02a0ac6aff0eeff1c14817', 'hex');
    const message = Buffer.concat([begin, Buffer.alloc(234), Buffer.of(0x3a), Buffer.alloc(81)]);
    const whole = Buffer.concat([message, Buffer.from('0000ffff', 'hex')]);
    const expected = inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
      expect((await decompress(receiver, message)).equals(expected)).toBe(true);
      receiver.close();
    }
  });

  test('read a short message that inflates to a long one, with context takeover too', async () => {
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
      for (let round = 0; round < 3; round++) {
        expect((await decompress(receiver, deflateRawSync(Buffer.alloc(4 << 20)))).length).toBe(4 << 20);
        expect(String(await decompress(receiver, deflateRawSync('short')))).toBe('short');
      }
      receiver.close();
    }
  });

  test('stop at maxPayload, and the next connection finds a clean inflater', async () => {
    const bomb = deflateRawSync(Buffer.alloc(16 << 20));
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 1000, options);
      await expect(decompress(receiver, bomb)).rejects.toMatchObject({
        code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
        closeCode: 1009,
      });
      const next = new PerMessageDeflate(view(15, takeover), 1000, options);
      expect((await decompress(next, deflateRawSync(Buffer.alloc(1000)))).length).toBe(1000);
      receiver.close();
      next.close();
    }
  });

  test('round down a maxPayload that is not an integer', async () => {
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 1000.5, options);
      expect((await decompress(receiver, deflateRawSync(Buffer.alloc(1000)))).length).toBe(1000);
      await expect(decompress(receiver, deflateRawSync(Buffer.alloc(1001)))).rejects.toMatchObject({
        closeCode: 1009,
      });
      receiver.close();
    }
  });

  test('reject invalid DEFLATE data with 1007, and the next connection finds a clean inflater', async () => {
    for (const takeover of [false, true]) {
      const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
      await expect(decompress(receiver, Buffer.of(0xff, 0xff))).rejects.toMatchObject({ closeCode: 1007 });
      const next = new PerMessageDeflate(view(15, takeover), 0, options);
      expect(String(await decompress(next, deflateRawSync('clean')))).toBe('clean');
      receiver.close();
      next.close();
    }
  });

  test('never make a whole message longer, and continue after one that was sent uncompressed', async () => {
    const noise = Buffer.from(Array.from({ length: 999 }, (_, i) => (i * i * 2654435761) >>> 11));
    for (const takeover of [false, true]) {
      const sender = new PerMessageDeflate(view(15, takeover), 0, { ...options, threshold: 0 });
      const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
      expect(await compress(sender, [noise])).toBeUndefined();
      const compressed = await compress(sender, [Buffer.concat([noise, noise])]);
      expect((await decompress(receiver, compressed!)).equals(Buffer.concat([noise, noise]))).toBe(true);
      sender.close();
      receiver.close();
    }
  });
});

describe('the threshold', () => {
  test('sends short messages uncompressed without context takeover: 1024 bytes by default, decided by the first fragment', async () => {
    const sender = new PerMessageDeflate(view(15, false), 0);
    expect(await compress(sender, [Buffer.alloc(1023)])).toBeUndefined();
    expect(await compress(sender, [Buffer.alloc(1024)])).toBeDefined();
    expect(await compress(sender, [Buffer.alloc(10), Buffer.alloc(5000)])).toBeUndefined();
    sender.close();
  });

  test('does not apply with context takeover', async () => {
    const sender = new PerMessageDeflate(view(15, true), 0, { threshold: 5000 });
    expect(await compress(sender, [Buffer.alloc(100)])).toBeDefined();
    sender.close();
  });
});

describe('without context takeover', () => {
  test('connections that alternate fragments do not disturb each other', async () => {
    const senders = Array.from(
      { length: 5 },
      () => new PerMessageDeflate(view(15, false), 0, { threshold: 0 }),
    );
    const receiver = new PerMessageDeflate(view(15, false), 0);
    const fragments = ['first ', 'second ', 'third'];
    const compressed = senders.map(() => [] as Buffer[]);
    for (const [round, fragment] of fragments.entries()) {
      for (const [index, sender] of senders.entries()) {
        sender.compress(
          { data: Buffer.from(`${index} ${fragment}`), first: round === 0, fin: round === 2 },
          (_error, made) => compressed[index]!.push(Buffer.from(made!)),
        );
      }
    }
    for (const [index, parts] of compressed.entries()) {
      expect(String(await decompress(receiver, Buffer.concat(parts)))).toBe(
        fragments.map((fragment) => `${index} ${fragment}`).join(''),
      );
    }
  });
});

/** More messages than there are slots in the thread pool, each on its own connection. */
const CROWD = 3 * DEFAULT_CONCURRENCY_LIMIT;
const long = Buffer.from('long enough for the thread pool '.repeat(3000));

const crowd = (count: number, options: TransformOptions, takeover = false): PerMessageDeflate[] =>
  Array.from({ length: count }, () => new PerMessageDeflate(view(15, takeover), 0, options));

test('options that zlib rejects fail each message, even after others, and free the thread pool', async () => {
  const working = crowd(DEFAULT_CONCURRENCY_LIMIT, { deflateOffThreadFrom: 0 }).map((each) =>
    compress(each, [long]),
  );
  const wrong = crowd(CROWD, { zlibDeflateOptions: { strategy: 99 } }).map((each) => compress(each, [long]));
  const [sound] = crowd(1, { deflateOffThreadFrom: 0 });
  const after = compress(sound!, [long]);
  const outcomes = await Promise.allSettled(wrong);
  expect(outcomes.map(({ status }) => status)).toEqual(wrong.map(() => 'rejected'));
  expect(await after).toEqual((await Promise.all(working))[0]);
});

test.each([
  ['without', false],
  ['with', true],
])(
  'connections %s context takeover that close while their messages wait for the thread pool or are on it return their slots without a callback',
  async (_how, takeover) => {
    const told: unknown[] = [];
    const closing = crowd(5000, { deflateOffThreadFrom: 0 }, takeover);
    // Short, because data that waits is copied.
    const data = long.subarray(0, 5000);
    for (const each of closing) {
      each.compress({ data, first: true, fin: true }, (...outcome) => told.push(outcome));
    }
    for (const each of closing) each.close();
    const [next] = crowd(1, { deflateOffThreadFrom: 0 });
    expect(await compress(next!, [long])).toBeDefined();
    expect(told).toEqual([]);
  },
);

describe('the limit', () => {
  test('lets any number of jobs finish immediately', () => {
    const limit = new ConcurrencyLimit(1);
    let done = 0;
    let first = (): void => {};
    limit.run((next) => (first = next));
    for (let count = 0; count < 20_000; count++) {
      limit.run((next) => {
        done++;
        next();
      });
    }
    expect(done).toBe(0);
    first();
    expect(done).toBe(20_000);
  });

  test('continues after jobs that throw, and throws their errors', async () => {
    const limit = new ConcurrencyLimit(1);
    let first = (): void => {};
    limit.run((next) => (first = next));
    for (const message of ['one', 'two']) {
      limit.run((next) => {
        next();
        throw new Error(message);
      });
    }
    const last = vi.fn();
    limit.run(last);
    // Replaces the listener of the test runner, which would count it as a failure.
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    onTestFinished(() => {
      for (const listener of listeners) process.on('uncaughtException', listener);
    });
    const later = once(process, 'uncaughtException') as Promise<[Error, string]>;
    expect(first).toThrow('one');
    expect(last).toHaveBeenCalledOnce();
    expect((await later)[0].message).toBe('two');
  });
});

test('a concurrencyLimit of 0 means no limit', () => {
  let running = 0;
  const limit = new ConcurrencyLimit(0);
  for (let i = 0; i < 100; i++) limit.run(() => running++);
  expect(running).toBe(100);
});

test.each([
  ['07', 'invalid block type'],
  ['00 05 00 00 00', 'invalid stored block lengths'],
  ['fd ff', 'too many length or distance symbols'],
  ['02 03', 'invalid distance too far back'],
])('the error of %s has the message of zlib: %s', async (hex, text) => {
  const message = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(() => inflateRawSync(Buffer.concat([message, Buffer.alloc(9)]))).toThrow(text);
  await expect(decompress(new PerMessageDeflate(view(15, false), 0), message)).rejects.toMatchObject({
    ...{ message: text, code: 'Z_DATA_ERROR', errno: -3, closeCode: 1007 },
  });
});

test('a lack of memory, and an unknown error, are not blamed on the peer', () => {
  expect(inflateErrorOf(new DeflateError('OUT_OF_MEMORY'))).toMatchObject({
    ...{ code: 'Z_MEM_ERROR', errno: -4, closeCode: 1011 },
  });
  expect(inflateErrorOf(new RangeError('Array buffer allocation failed'))).toMatchObject({
    ...{ code: 'Z_MEM_ERROR', errno: -4, closeCode: 1011 },
  });
  expect(inflateErrorOf(new Error('unreachable'))).toMatchObject({
    ...{ code: 'Z_STREAM_ERROR', errno: -2, closeCode: 1011 },
  });
});

test('a connection that closes while its message is inflated in turns returns its slot, even if the message is corrupt', async () => {
  const alone = view(15, false);
  for (let count = 0; count < DEFAULT_CONCURRENCY_LIMIT; count++) {
    const closing = new PerMessageDeflate(alone, 0, { inflateInTurnsFrom: 0 });
    closing.decompress(Buffer.alloc(100_000, 0xff), () => {});
    closing.close();
  }
  const next = new PerMessageDeflate(alone, 0, { inflateInTurnsFrom: 0 });
  const message = deflateRawSync('said by another', { finishFlush: 2 }).subarray(0, -4);
  expect(String(await decompress(next, message))).toBe('said by another');
  next.close();
});

describe.each([
  ['without', false],
  ['with', true],
])('bytes that their owner changes as soon as compress() returns, %s context takeover', (_how, takeover) => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 2654435761) >>> 11));
  const words = Buffer.from('what was said '.repeat(400));

  test.each(engines)('are sent as they were, compressed or not: %s', async (_engine, options) => {
    const sender = new PerMessageDeflate(view(15, takeover), 0, { ...options, threshold: 0 });
    const receiver = new PerMessageDeflate(view(15, takeover), 0, options);
    for (const said of [noise, words]) {
      const bytes = Buffer.from(said);
      let returned = false;
      const sent = new Promise<[made: Uint8Array | undefined, original: Uint8Array | undefined]>(
        (resolve) => {
          sender.compress({ data: bytes, first: true, fin: true }, (error, compressed, original) => {
            // If the call completes synchronously, the bytes are read before their owner can change them.
            if (!returned) original ??= Buffer.from(bytes);
            resolve([compressed, error === null ? original : undefined]);
          });
        },
      );
      returned = true;
      bytes.fill('!');
      const [made, original] = await sent;
      if (said === noise) expect(made).toBeUndefined();
      const got = made === undefined ? Buffer.from(original!) : await decompress(receiver, made);
      expect(got.equals(said)).toBe(true);
    }
    sender.close();
    receiver.close();
  });
});
