// An endpoint keeps to the window that it agreed to, including 8: what `DirectionView` says about zlib.
import { once } from 'node:events';
import { constants, createDeflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { farthestReference } from './distances.ts';

/** Bytes without a pattern, the same in every run. */
function noise(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  );
}

/** Noise that repeats after `period` bytes. */
function repeating(period: number, length: number): Buffer {
  const once = noise(period, period);
  return Buffer.concat(Array.from({ length: Math.ceil(length / period) }, () => once)).subarray(0, length);
}

/** Periods around the ends of the smallest windows, and around the part that zlib uses. */
const PERIODS = [1, 3, 100, 249, 250, 251, 255, 256, 257, 258, 262, 300, 500, 512, 600, 1000];

const TEXTS = [
  ...PERIODS.map((period) => repeating(period, 3000)),
  ...PERIODS.map((period) => Buffer.concat([repeating(period, 700), noise(200, 1), repeating(period, 700)])),
];

describe('the farthest reference', () => {
  test.each([
    ['stored bytes', '010500faff68656c6c6f', 0],
    ['fixed codes without a reference', '4b0400', 0],
    ['fixed codes that repeat the byte before', '4b4c840000', 1],
    ['fixed codes that repeat three bytes', '4b4c4a4e842100', 3],
  ])('of %s is computed from the stream', (_, hex, expected) => {
    expect(farthestReference(Buffer.from(hex, 'hex'))).toBe(expected);
  });

  test('is found in zlib’s output for repeating bytes', () => {
    for (const period of PERIODS) {
      expect(farthestReference(deflateRawSync(repeating(period, 3000)))).toBe(period);
    }
  });
});

describe.each([8, 9, 15])('a compressor of zlib with windowBits %i', (windowBits) => {
  test('never refers back farther than that, with any level, strategy and memory', () => {
    let farthest = 0;
    for (const level of [1, 4, 9]) {
      for (const memLevel of [1, 8]) {
        for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FILTERED, constants.Z_FIXED]) {
          for (const text of TEXTS) {
            const compressed = deflateRawSync(text, { windowBits, level, memLevel, strategy });
            farthest = Math.max(farthest, farthestReference(compressed));
          }
        }
      }
    }
    expect(farthest).toBeGreaterThan(0);
    expect(farthest).toBeLessThanOrEqual(2 ** windowBits);
  });

  test('never does so across messages either, and an inflater of that size reads them', async () => {
    const deflate = createDeflateRaw({ windowBits });
    const parts: Buffer[] = [];
    deflate.on('data', (part: Buffer) => parts.push(part));
    for (const text of TEXTS) {
      deflate.write(text);
      deflate.flush(constants.Z_SYNC_FLUSH);
    }
    deflate.end();
    await once(deflate, 'end');
    const stream = Buffer.concat(parts);
    expect(farthestReference(stream)).toBeLessThanOrEqual(2 ** windowBits);
    // In small chunks, so that the inflater needs its window.
    expect(inflateRawSync(stream, { windowBits, chunkSize: 64 })).toEqual(Buffer.concat(TEXTS));
  });
});

test('windowBits 8 and 9 are the same compressor of zlib, which refers back by 250 bytes at most', () => {
  for (const text of TEXTS) {
    expect(deflateRawSync(text, { windowBits: 8 })).toEqual(deflateRawSync(text, { windowBits: 9 }));
  }
  const farthest = Math.max(
    ...TEXTS.map((text) => farthestReference(deflateRawSync(text, { windowBits: 8 }))),
  );
  expect(farthest).toBe(250);
});
