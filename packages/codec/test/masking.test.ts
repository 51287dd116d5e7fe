// Masking (RFC 6455 §5.3), compared octet by octet with the algorithm in the RFC.
import { createRequire } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { built, codecs, codecOn } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';
import { naivelyMasked } from './support/wire.ts';

const KEY = hex('37fa213d');
const bufferUtil = createRequire(import.meta.url)('bufferutil') as {
  unmask(bytes: Buffer, key: Buffer): void;
};

afterEach(() => vi.restoreAllMocks());

describe.each(codecs)('masking ($name)', ({ codec }) => {
  const key = codec.readMaskingKey(KEY, 0);

  /** The differences between masking `length` octets at `offset`, in place or while copying, and the algorithm of the RFC. */
  function differences(length: number, offset: number): string[] {
    const found: string[] = [];
    const original = someBytes(offset + length + 8);
    const before = original.subarray(0, offset);
    const payload = original.subarray(offset, offset + length);
    const after = original.subarray(offset + length);
    for (let turn = 0; turn < 4; turn++) {
      const rotated = codec.rotateMaskingKey(key, turn);
      const masked = naivelyMasked(payload, concat(KEY, KEY).subarray(turn, turn + 4));
      const expected = concat(before, masked, after);

      const inPlace = original.slice();
      codec.applyMask(inPlace, offset, offset + length, rotated);
      if (Buffer.compare(inPlace, expected) !== 0)
        found.push(`in place, ${length} at ${offset}, rotated by ${turn}`);

      const copied = original.slice();
      copied.fill(0xaa, offset, offset + length);
      const source = concat(hex('010203'), payload, hex('04'));
      codec.copyMasked(source, 3, 3 + length, copied, offset, rotated);
      if (Buffer.compare(copied, expected) !== 0)
        found.push(`copied, ${length} at ${offset}, rotated by ${turn}`);
      if (Buffer.compare(source.subarray(3, 3 + length), payload) !== 0)
        found.push(`the source of ${length}`);
    }
    return found;
  }

  test('is the algorithm of §5.3 at every length up to 300, every alignment and every rotation of the key', () => {
    const found: string[] = [];
    for (let length = 0; length <= 300; length++) {
      for (let offset = 0; offset <= 8; offset++) found.push(...differences(length, offset));
    }
    expect(found).toEqual([]);
  });

  test.each([1015, 1023, 1024, 1025, 1031, 4096, 65535, 65536, 65543])(
    'is the algorithm of §5.3 at %i bytes, at every alignment and rotation of the key',
    (length) => {
      const found: string[] = [];
      for (let offset = 0; offset <= 8; offset++) found.push(...differences(length, offset));
      expect(found).toEqual([]);
    },
  );

  test('copies a whole source', () => {
    const source = someBytes(200);
    const target = new Uint8Array(200);
    codec.copyMasked(source, 0, 200, target, 0, key);
    expect(toHex(target)).toBe(toHex(naivelyMasked(source, KEY)));
  });

  test('works in views of any alignment', () => {
    const memory = new Uint8Array(400);
    for (let at = 0; at < 16; at++) {
      const view = memory.subarray(at, at + 300);
      view.set(someBytes(300));
      codec.applyMask(view, 0, 300, key);
      expect(toHex(view)).toBe(toHex(naivelyMasked(someBytes(300), KEY)));
    }
  });

  test('is its own inverse: "The same algorithm applies regardless of the direction of the translation" (§5.3)', () => {
    const bytes = someBytes(777);
    codec.applyMask(bytes, 5, 777, key);
    expect(toHex(bytes)).not.toBe(toHex(someBytes(777)));
    codec.applyMask(bytes, 5, 777, key);
    expect(toHex(bytes)).toBe(toHex(someBytes(777)));
  });

  test.each([10, 50, 500, 5000])('leaves %i bytes unchanged with the key 0', (length) => {
    const bytes = someBytes(length);
    codec.applyMask(bytes, 0, length, 0);
    expect(toHex(bytes)).toBe(toHex(someBytes(length)));
    const target = new Uint8Array(length);
    codec.copyMasked(bytes, 0, length, target, 0, 0);
    expect(toHex(target)).toBe(toHex(bytes));
  });

  test.each(['00000000', '37fa213d', 'ffffffff', '80000000', '000000ff', '01020384'])(
    'reads and writes the key %s as on the wire',
    (octets) => {
      const read = codec.readMaskingKey(hex(`aa${octets}`), 1);
      const written = hex('aabbccddeeff');
      codec.writeMaskingKey(written, 1, read);
      expect(toHex(written)).toBe(`aa${octets}ff`);
    },
  );

  test('rotates the key by the number of earlier octets, even above 2^32', () => {
    const rotated = [0, 1, 2, 3, 4, 2 ** 32 + 1, 2 ** 53 - 1].map((count) => {
      const octets = new Uint8Array(4);
      codec.writeMaskingKey(octets, 0, codec.rotateMaskingKey(key, count));
      return toHex(octets);
    });
    expect(rotated).toEqual([
      '37fa213d',
      'fa213d37',
      '213d37fa',
      '3d37fa21',
      '37fa213d',
      'fa213d37',
      '3d37fa21',
    ]);
  });

  describe('creates keys', () => {
    test('that are all different, in more than one request to the system', () => {
      const keys = Array.from({ length: 5000 }, () => codec.randomMaskingKey());
      for (const drawn of keys) expect(drawn | 0).toBe(drawn);
      // Among 5,000 random keys there is an equal pair once in 340 runs, and three pairs once in millions.
      expect(new Set(keys).size).toBeGreaterThan(4997);
    });
  });
});

test.each(['node', 'portable'] as const)(
  'masking keys come from the system, "a strong source of entropy" (§5.3), and each is returned once (%s)',
  async (engine) => {
    let system: ((words: Int32Array) => void) | undefined;
    let draws = 0;
    const codec = await codecOn(engine, (kernel) => {
      system = kernel.randomize;
      return {
        ...kernel,
        randomize(words) {
          draws++;
          for (let i = 0; i < words.length; i++) words[i] = draws * 1_000_000 + i;
        },
      };
    });
    expect(Array.from({ length: 3 }, () => codec.randomMaskingKey())).toEqual([
      1_000_000, 1_000_001, 1_000_002,
    ]);
    while (draws === 1) codec.randomMaskingKey();
    expect(codec.randomMaskingKey()).toBe(2_000_001);
    const words = new Int32Array(16);
    system?.(words);
    expect(new Set(words).size).toBeGreaterThan(14);
  },
);

describe('the native kernel of masking', () => {
  test('is `bufferutil`, from the length at which it is faster', async () => {
    const unmask = vi.spyOn(bufferUtil, 'unmask');
    const codec = await codecOn('node');
    codec.applyMask(someBytes(1023), 0, 1023, 1);
    expect(unmask).not.toHaveBeenCalled();
    codec.applyMask(someBytes(1024), 0, 1024, 1);
    expect(unmask).toHaveBeenCalledTimes(1);
  });

  // The built package is tested without `bufferutil` in engines.test.ts.
  if (!built)
    test('is not needed if it cannot be loaded', async () => {
      const load = vi.fn(() => {
        throw new Error("Cannot find module 'bufferutil'");
      });
      vi.doMock('node:module', () => ({ default: { createRequire: () => load } }));
      const codec = await codecOn('node');
      vi.doUnmock('node:module');
      expect(load).toHaveBeenCalledWith('bufferutil');
      const bytes = new Uint8Array(5000);
      codec.applyMask(bytes, 0, 5000, 0x04030201);
      expect(toHex(bytes)).toBe('01020304'.repeat(1250));
    });
});
