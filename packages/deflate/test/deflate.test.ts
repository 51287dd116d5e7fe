// Deflating: zlib restores the output for every level, window and flush; and how long the output is.
import { DeflateError, Deflater, Inflater, deflate, inflate, type Flush } from '@framewire/deflate';
import { afterEach, describe, expect, test } from 'vitest';
import { KINDS, noise, prose, records, source, trades, zeros } from './support/samples.ts';
import { flushed, packed, restored } from './support/zlib.ts';

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15];
const TAIL = '0000ffff';

const open: Deflater[] = [];

function deflater(...options: ConstructorParameters<typeof Deflater>): Deflater {
  const made = new Deflater(...options);
  open.push(made);
  return made;
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof DeflateError ? error.code : error;
  }
  return undefined;
}

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  test.each(LEVELS)('are restored by zlib at level %i', (level) => {
    for (const length of [
      0, 1, 2, 3, 4, 5, 10, 63, 258, 300, 1000, 16_384, 65_535, 65_536, 65_537, 150_000,
    ]) {
      const data = make(length);
      const stream = deflate(data, { level });
      expect(Buffer.compare(restored(stream), data)).toBe(0);
      const message = Buffer.from(deflate(data, { level, flush: 'sync' }));
      expect(message.subarray(-4).toString('hex')).toBe(TAIL);
      expect(Buffer.compare(restored(message), data)).toBe(0);
    }
  });

  test.each(WINDOWS)('refer back no farther than a window of %i bits', (windowBits) => {
    for (const level of [1, 6, 9]) {
      const data = make(10_000);
      // Our inflater enforces the window. With zlib it depends on the output buffer.
      const { data: own, stopped } = inflate(deflate(data, { level, windowBits }), { windowBits });
      expect(stopped).toBe('end');
      expect(Buffer.compare(own, data)).toBe(0);
      const stream = deflater({ level, windowBits });
      const parts = [data.subarray(0, 100), data.subarray(100, 4000), data.subarray(4000)];
      const whole = Buffer.concat(parts.map((part) => stream.deflate(part, 'sync')));
      expect(Buffer.compare(inflate(whole, { windowBits }).data, data)).toBe(0);
      expect(Buffer.compare(restored(whole, { windowBits: Math.max(windowBits, 9) }), data)).toBe(0);
    }
  });

  test.each(LEVELS)('are restored from a stream of messages at level %i', (level) => {
    const data = make(120_000);
    const stream = deflater({ level });
    const parts: Uint8Array[] = [];
    const lengths = [0, 1, 7, 500, 3, 40_000, 70_000, 512, 512];
    const flushes: Flush[] = ['sync', 'none', 'none', 'sync', 'none', 'sync', 'sync', 'sync', 'none'];
    let at = 0;
    for (const [index, length] of lengths.entries()) {
      parts.push(stream.deflate(data.subarray(at, at + length), flushes[index]));
      at += length;
      if (flushes[index] === 'sync') {
        expect(Buffer.compare(restored(Buffer.concat(parts)), data.subarray(0, at))).toBe(0);
      }
    }
    parts.push(stream.deflate(data.subarray(at), 'finish'));
    const whole = inflate(Buffer.concat(parts));
    expect(whole.stopped).toBe('end');
    expect(Buffer.compare(whole.data, data)).toBe(0);
  });

  test('are restored with a dictionary', () => {
    const data = make(5000);
    const dictionary = Buffer.concat([noise(500), data.subarray(0, 3000)]);
    for (const windowBits of [9, 12, 15]) {
      const used = dictionary.subarray(-(2 ** windowBits));
      const options = { dictionary, windowBits };
      const alone = deflate(data, options);
      expect(Buffer.compare(restored(alone, { dictionary: used }), data)).toBe(0);
      const stream = deflater(options);
      const restorer = new Inflater(options);
      for (let round = 0; round < 2; round++) {
        const compressed = stream.deflate(data, 'sync');
        expect(Buffer.compare(restored(compressed, { dictionary: used }), data)).toBe(0);
        expect(Buffer.compare(restorer.inflate(compressed).data, data)).toBe(0);
        stream.reset();
        restorer.reset();
      }
      restorer.close();
    }
  });
});

test('a match is found as far back as the largest window reaches', () => {
  const start = noise(32_768);
  const data = Buffer.concat([start, start.subarray(0, 200)]);
  const stream = deflate(data, { level: 9 });
  expect(stream.length).toBeLessThan(start.length + 50);
  expect(Buffer.compare(restored(stream), data)).toBe(0);
});

describe('the output', () => {
  test('refers back to earlier messages, but not after a reset', () => {
    const stream = deflater();
    const data = records(400);
    const first = stream.deflate(data, 'sync');
    const second = stream.deflate(data, 'sync');
    expect(second.length).toBeLessThan(first.length / 5);
    stream.reset();
    expect(Buffer.compare(stream.deflate(data, 'sync'), first)).toBe(0);
  });

  test('does not depend on what was compressed before', () => {
    const data = trades(3000);
    const expected = deflate(data);
    for (const other of [noise(65_536), records(65_536), data.subarray(1), zeros(10)]) {
      deflate(other);
      expect(Buffer.compare(deflate(data), expected)).toBe(0);
    }
  });

  test('does not depend on bytes that an earlier input left after its end', () => {
    const data = Buffer.from('abcdefgh-abcdefg');
    deflate(Buffer.from('abcdefgh-abcdefgh'));
    const expected = deflate(data);
    deflate(Buffer.alloc(100, 'g'));
    expect(Buffer.compare(deflate(data), expected)).toBe(0);
  });

  test('is little longer than incompressible input', () => {
    for (const length of [1, 100, 65_535, 65_536, 200_000]) {
      for (const level of LEVELS) {
        expect(deflate(noise(length), { level }).length).toBeLessThanOrEqual(
          length + 5 * (Math.ceil(length / 65_535) + 1) + 1,
        );
      }
    }
  });

  test.each([
    ['records', records],
    ['trades', trades],
    ['prose', prose],
    ['source', source],
  ] as const)('of %s has the length that its level promises', (_, make) => {
    for (const length of [256, 1024, 4096, 16_384, 65_536]) {
      const data = make(length);
      if (data.length < length) continue;
      const ofLevel = (level: number): number => deflate(data, { level, flush: 'sync' }).length;
      expect(ofLevel(6)).toBeLessThanOrEqual(flushed(data, { level: 6 }).length * 1.03);
      expect(ofLevel(9)).toBeLessThanOrEqual(flushed(data, { level: 9 }).length * 1.015 + 2);
      expect(ofLevel(1)).toBeLessThanOrEqual(flushed(data, { level: 1 }).length * 1.05);
    }
  });

  test('is an empty block for empty input', () => {
    expect(Buffer.from(deflate(new Uint8Array(0))).toString('hex')).toBe('0300');
    expect(Buffer.from(deflate(new Uint8Array(0), { flush: 'sync' })).toString('hex')).toBe('000000ffff');
    expect(deflater().deflate(new Uint8Array(0))).toHaveLength(0);
  });
});

describe('the output buffer', () => {
  test('is what `allocate` returns, or the part of it that is needed', () => {
    const pool = Buffer.alloc(10_000);
    const lengths: number[] = [];
    const allocate = (length: number): Uint8Array => {
      lengths.push(length);
      return pool;
    };
    const stream = deflate(records(500), { allocate });
    expect(stream.buffer).toBe(pool.buffer);
    expect(lengths).toEqual([stream.length]);
    let made: Uint8Array | undefined;
    const exact = deflate(records(500), { allocate: (length) => (made = new Uint8Array(length)) });
    expect(exact).toBe(made);
    const long = deflate(records(200_000), { level: 1, allocate: Buffer.allocUnsafe });
    expect(Buffer.compare(restored(long), records(200_000))).toBe(0);
  });

  test('must not be too short', () => {
    expect(() => deflate(records(500), { allocate: () => new Uint8Array(3) })).toThrow(RangeError);
  });

  test('cannot come from the engine itself', () => {
    const allocate = (length: number): Uint8Array => deflate(zeros(length));
    expect(codeOf(() => deflate(records(500), { allocate }))).toBe('ERR_DEFLATE_BUSY');
    expect(Buffer.compare(restored(deflate(records(500))), records(500))).toBe(0);
  });
});

test('an invalid level or window is rejected', () => {
  for (const level of [-1, 10, 1.5, NaN]) expect(() => deflate(zeros(1), { level })).toThrow(RangeError);
  for (const windowBits of [7, 16]) expect(() => deflater({ windowBits })).toThrow(RangeError);
});

test('a finished or closed stream rejects more input', () => {
  const stream = deflater();
  expect(Buffer.compare(inflate(stream.deflate(records(100), 'finish')).data, records(100))).toBe(0);
  expect(codeOf(() => stream.deflate(zeros(1)))).toBe('ERR_DEFLATE_FINISHED');
  stream.reset();
  expect(stream.deflate(zeros(1), 'finish').length).toBeGreaterThan(0);
  stream.close();
  stream.close();
  expect(codeOf(() => stream.deflate(zeros(1)))).toBe('ERR_DEFLATE_CLOSED');
  expect(codeOf(() => stream.reset())).toBe('ERR_DEFLATE_CLOSED');
});

test('we and zlib restore the same bytes from each other’s streams', () => {
  const data = prose(50_000);
  expect(Buffer.compare(inflate(packed(data)).data, restored(deflate(data)))).toBe(0);
});
