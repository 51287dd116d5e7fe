// For arbitrary bytes: we and zlib agree on every stream, and zlib restores everything that we compress.
import { DeflateError, Deflater, Inflater, deflate, inflate, type Flush } from '@framewire/deflate';
import fc from 'fast-check';
import { constants } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { flushed, packed, restored, verdictOfZlib, type Verdict } from './support/zlib.ts';

const RUNS = { numRuns: 200 };

/** Bytes with and without repetitions: short alphabets, repeated units, and random bytes. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 300 }))
        .map(([unit, times]) => Buffer.concat(Array.from({ length: times }, () => unit))),
      fc.array(fc.constantFrom(97, 98, 99, 32), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

const windowBits = fc.integer({ min: 9, max: 15 });
const level = fc.integer({ min: 0, max: 9 });

/** Streams of zlib, some of them cut, or with a few bytes changed or appended. */
const streams = fc
  .record({
    data: contents,
    level,
    strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_FIXED),
    isFlushed: fc.boolean(),
    changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
    cut: fc.option(fc.nat()),
    more: fc.uint8Array({ maxLength: 8 }),
  })
  .map(({ data, level, strategy, isFlushed, changes, cut, more }) => {
    const stream = Buffer.concat([(isFlushed ? flushed : packed)(data, { level, strategy }), more]);
    for (const [at, byte] of changes) stream[at % stream.length] = byte;
    return cut === null ? stream : stream.subarray(0, cut % (stream.length + 1));
  });

function verdict(run: () => { data: Uint8Array; consumed: number }): Verdict {
  try {
    const { data, consumed } = run();
    return { data: Buffer.from(data).toString('hex'), consumed };
  } catch (error) {
    if (!(error instanceof DeflateError)) throw error;
    return { code: error.code };
  }
}

/** Inflates a stream with the given sizes of steps and limits, repeated in a cycle. */
function stepwise(stream: Uint8Array, steps: readonly number[], limits: readonly number[]) {
  const inflater = new Inflater();
  const parts: Uint8Array[] = [];
  let consumed = 0;
  try {
    for (let turn = 0; ; turn++) {
      const step = stream.subarray(consumed, consumed + steps[turn % steps.length]!);
      const result = inflater.inflate(step, limits[turn % limits.length]);
      parts.push(result.data);
      consumed += result.consumed;
      if (result.stopped === 'end' || (result.stopped === 'input' && consumed === stream.length)) break;
    }
  } finally {
    inflater.close();
  }
  return { data: Buffer.concat(parts), consumed };
}

const positive = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 5 });

describe('inflating', () => {
  test('has the same result as zlib, whole and in any steps', () => {
    fc.assert(
      fc.property(streams, positive(50), positive(400), (stream, steps, limits) => {
        const expected = verdictOfZlib(stream);
        expect(verdict(() => inflate(stream))).toEqual(expected);
        expect(verdict(() => stepwise(stream, steps, limits))).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('has the same result as zlib for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (stream) => {
        expect(verdict(() => inflate(stream))).toEqual(verdictOfZlib(stream));
        expect(verdict(() => stepwise(stream, [1], [1]))).toEqual(verdictOfZlib(stream));
      }),
      { numRuns: 2000 },
    );
  });

  test('restores what zlib compressed with any window and dictionary', () => {
    fc.assert(
      fc.property(
        contents,
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        windowBits,
        level,
        (data, dictionary, bits, level) => {
          const used = dictionary.subarray(-(2 ** bits));
          const stream = packed(data, { windowBits: bits, dictionary: used, level });
          const result = inflate(stream, { windowBits: bits, dictionary });
          expect(Buffer.compare(result.data, data)).toBe(0);
        },
      ),
      RUNS,
    );
  });
});

describe('deflating', () => {
  test('produces what zlib restores, for any level, window and dictionary', () => {
    fc.assert(
      fc.property(
        contents,
        fc.uint8Array({ minLength: 1, maxLength: 600 }),
        windowBits,
        level,
        (data, dictionary, bits, level) => {
          const stream = deflate(data, { windowBits: bits, dictionary, level });
          const used = dictionary.subarray(-(2 ** bits));
          expect(Buffer.compare(restored(stream, { dictionary: used, windowBits: bits }), data)).toBe(0);
        },
      ),
      RUNS,
    );
  });

  test('produces a stream, with flushes anywhere, that zlib restores, and that we restore within the window', () => {
    const chunks = fc.array(fc.tuple(contents, fc.constantFrom<Flush>('none', 'sync')), { maxLength: 8 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 8, max: 15 }), level, (messages, bits, level) => {
        const deflater = new Deflater({ windowBits: bits, level });
        const parts = messages.map(([data, flush]) => deflater.deflate(data, flush));
        parts.push(deflater.deflate(new Uint8Array(0), 'finish'));
        deflater.close();
        const data = Buffer.concat(messages.map(([chunk]) => chunk));
        const stream = Buffer.concat(parts);
        expect(Buffer.compare(restored(stream), data)).toBe(0);
        expect(Buffer.compare(inflate(stream, { windowBits: bits }).data, data)).toBe(0);
      }),
      RUNS,
    );
  });
});
