// UTF-8 (RFC 6455 §8.1, RFC 3629), compared with the strict decoder of the engine.
import { describe, expect, test } from 'vitest';
import { codecs } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';

const strict = new TextDecoder('utf-8', { fatal: true });

function isText(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The first and last bytes of the ranges in RFC 3629 §4, and some inside of them. */
const TELLING = hex('00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff');

/** Bytes that can complete an unfinished character, if any can. */
const ENDINGS = ['', '80', '8080', '8f', '8f80', '8f8080', '908080', '9080', '90', '9f', '9f80', '9f8080', 'a0', 'a080', 'a08080', '808080', 'bf', 'bf80', 'bf8080'].map(hex); // prettier-ignore

/** The number of bytes up to the first invalid one; 0 if the text can continue. */
function impossibleAfter(bytes: Uint8Array): number {
  for (let length = 1; length <= bytes.length; length++) {
    const prefix = bytes.subarray(0, length);
    if (!ENDINGS.some((ending) => isText(concat(prefix, ending)))) return length;
  }
  return 0;
}

function* strings(length: number, bytes: Iterable<number>): Generator<Uint8Array> {
  if (length === 0) yield new Uint8Array(0);
  else
    for (const rest of strings(length - 1, bytes))
      for (const byte of bytes) yield concat(rest, Uint8Array.of(byte));
}

const allBytes = Array.from({ length: 256 }, (_, i) => i);
const short = [
  ...strings(0, allBytes),
  ...strings(1, allBytes),
  ...strings(2, allBytes),
  ...strings(3, TELLING),
];

/** Strings of 3 to 27 characters, some of them surrogates. In every second string, a byte of {@link TELLING} may replace a character. */
const long = Array.from({ length: 4000 }, (_, i) => {
  const dice = someBytes(i + 40).subarray(i);
  const characters = ['61', 'c3a4', 'e282ac', 'eda0bf', 'f09f9880', 'efbfbf', 'f48fbfbf', '00', 'e0a080'].map(
    hex,
  );
  const parts = Array.from(dice.subarray(0, 4 + (i % 24)), (roll) => characters[roll % 9]!).filter(
    (_, at) => at !== 3 || i % 2,
  );
  return concat(
    ...parts.map((part, at) => (at === i % 17 && i % 2 ? Uint8Array.of(TELLING[dice[at]! % 25]!) : part)),
  );
});

/** The results of the reference, computed once for all kernels. */
const judged = (strings: readonly Uint8Array[]) => strings.map((bytes) => ({ bytes, valid: isText(bytes) }));
const shortJudged = judged(short);
const longJudged = judged(long);
const cutJudged = [...shortJudged.slice(-4000), ...longJudged.slice(0, 1500)];
const impossible = [...short.filter((_, i) => i % 17 === 0), ...long.slice(0, 300)].map((bytes) => ({
  bytes,
  after: impossibleAfter(bytes),
}));

describe.each(codecs)('UTF-8 ($name)', ({ codec }) => {
  const bytesUntilRefusal = (bytes: Uint8Array): number => {
    const validator = new codec.Utf8Validator();
    for (let i = 0; i < bytes.length; i++) if (!validator.push(bytes, i, i + 1)) return i + 1;
    return 0;
  };

  /** Whether a validator accepts the bytes in two chunks as a whole text. */
  const acceptsCut = (bytes: Uint8Array, at: number): boolean => {
    const validator = new codec.Utf8Validator();
    return validator.push(bytes, 0, at) && validator.push(bytes, at, bytes.length) && validator.atBoundary;
  };

  test('agrees with the engine for all strings of 0 to 2 bytes, and the significant ones of 3', () => {
    const wrong = shortJudged.filter(({ bytes, valid }) => codec.isUtf8(bytes) !== valid);
    expect(wrong.map(({ bytes }) => toHex(bytes))).toEqual([]);
  });

  test('agrees with the engine for longer strings, alone and after or before 100 characters', () => {
    const before = new TextEncoder().encode('aé€😀'.repeat(25));
    const wrong = longJudged.filter(({ bytes, valid }) => {
      const deep = [concat(before, bytes), concat(bytes, before), concat(before, bytes, before)];
      return [bytes, ...deep].some((text) => codec.isUtf8(text) !== valid);
    });
    expect(wrong.map(({ bytes }) => toHex(bytes))).toEqual([]);
    // There are both valid and invalid strings.
    const valid = longJudged.filter((one) => one.valid).length;
    expect([valid > 500, valid < 3500]).toEqual([true, true]);
  });

  test('has the same result in two chunks, cut anywhere', () => {
    const wrong: string[] = [];
    for (const { bytes, valid } of cutJudged) {
      for (let at = 0; at <= bytes.length; at++) {
        if (acceptsCut(bytes, at) !== valid) wrong.push(`${toHex(bytes)} at ${at}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('is rejected at the first invalid byte', () => {
    const wrong = impossible.filter(({ bytes, after }) => bytesUntilRefusal(bytes) !== after);
    expect(wrong.map(({ bytes }) => toHex(bytes))).toEqual([]);
  });

  test('is rejected if its last character is incomplete, after up to 99 others', () => {
    for (const lead of ['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98']) {
      for (let length = 0; length < 100; length++) {
        const bytes = concat(new Uint8Array(length).fill(0x61), hex(lead));
        expect(codec.isUtf8(bytes)).toBe(false);
        const validator = new codec.Utf8Validator();
        expect(validator.push(bytes, 0, bytes.length)).toBe(true);
        expect(validator.atBoundary).toBe(false);
      }
    }
  });

  test('is validated only between the given offsets', () => {
    const validator = new codec.Utf8Validator();
    expect(validator.push(hex('ff 61 c3a4 ff'), 1, 4)).toBe(true);
    expect(validator.atBoundary).toBe(true);
    expect(validator.push(hex('ff'), 0, 0)).toBe(true);
  });

  test('can be validated again after a rejection and reset()', () => {
    const validator = new codec.Utf8Validator();
    for (const bytes of ['e0 80', 'ed a0', 'f0 80', 'f4 90', 'e2 28', 'ff'].map(hex)) {
      expect(validator.push(bytes, 0, bytes.length)).toBe(false);
      validator.reset();
      expect(validator.atBoundary).toBe(true);
      expect(validator.push(hex('c280'), 0, 2)).toBe(true);
    }
  });
});
