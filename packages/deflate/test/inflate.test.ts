// Inflating: what each rule of RFC 1951 accepts and rejects, in steps of any size, within limits.
import { DeflateError, Inflater, inflate, type Inflated } from '@framewire/deflate';
import { constants } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { block, dynamicBlock } from './support/bits.ts';
import { KINDS, noise, records, zeros } from './support/samples.ts';
import { flushed, packed, verdictOfZlib } from './support/zlib.ts';

const open: Inflater[] = [];

function inflater(...options: ConstructorParameters<typeof Inflater>): Inflater {
  const made = new Inflater(...options);
  open.push(made);
  return made;
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function hex({ data }: Inflated): string {
  return Buffer.from(data).toString('hex');
}

/** The code of our error for a stream, whole and byte by byte. Expects that zlib rejects it for the same reason. */
function refusal(stream: Uint8Array): unknown {
  const whole = codeOf(() => inflate(stream));
  const stepwise = inflater();
  const bytewise = codeOf(() => {
    for (const byte of stream) stepwise.inflate(Uint8Array.of(byte));
  });
  expect(bytewise).toBe(whole);
  expect(verdictOfZlib(stream)).toEqual({ code: whole });
  return whole;
}

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DeflateError);
    return (error as DeflateError).code;
  }
  return undefined;
}

describe('a block', () => {
  test('can be stored', () => {
    const stream = Buffer.from('010500faff68656c6c6f', 'hex');
    expect(inflate(stream)).toEqual({
      data: new Uint8Array(Buffer.from('hello')),
      consumed: 10,
      stopped: 'end',
    });
  });

  test('can have the fixed code', () => {
    expect(inflate(Buffer.from('cb48cdc9c90700', 'hex'))).toEqual({
      data: new Uint8Array(Buffer.from('hello')),
      consumed: 7,
      stopped: 'end',
    });
  });

  test('can have a dynamic code, with a match', () => {
    // Code lengths: "a" has 1 bit; the end and the length 3 have two bits each; the only distance has one bit.
    const stream = dynamicBlock(258, 1, { 0: 2, 1: 2, 2: 2, 18: 2 })
      .code('11')
      .number(97 - 11, 7) // 97 zeros
      .code('01') // "a"
      .code('11')
      .number(138 - 11, 7) // 138 zeros
      .code('11')
      .number(20 - 11, 7) // 20 zeros
      .code('10') // the end: 256
      .code('10') // 257: length 3
      .code('01') // distance 1
      .code('0')
      .code('11')
      .code('0') // "a", length 3, distance 1
      .code('10') // the end
      .bytes();
    expect(verdictOfZlib(stream)).toEqual({ data: '61616161', consumed: stream.length });
    expect(hex(inflate(stream))).toBe('61616161');
  });

  test('can be empty, for each type', () => {
    for (const stream of ['010000ffff', '0300', '000000ffff010000ffff']) {
      expect(inflate(Buffer.from(stream, 'hex'))).toMatchObject({ data: new Uint8Array(0), stopped: 'end' });
    }
  });

  test('with the fixed code can have the longest match and the largest distance', () => {
    const start = noise(32_768);
    const stream = flushed(Buffer.concat([start, start.subarray(0, 258)]), { level: 9 });
    expect(hex(inflate(stream))).toBe(Buffer.concat([start, start.subarray(0, 258)]).toString('hex'));
  });
});

describe('rejects, like zlib,', () => {
  test.each([
    ['the reserved block type', block(true, 3).bytes(), 'ERR_INFLATE_BLOCK_TYPE'],
    [
      'a stored length that does not match its complement',
      Buffer.from('010500fafe68656c6c6f', 'hex'),
      'ERR_INFLATE_STORED_LENGTH',
    ],
    [
      '287 literal/length code lengths',
      dynamicBlock(287, 1, { 0: 1, 1: 1 }).bytes(),
      'ERR_INFLATE_TOO_MANY_LENGTHS',
    ],
    [
      '31 distance code lengths',
      dynamicBlock(257, 31, { 0: 1, 1: 1 }).bytes(),
      'ERR_INFLATE_TOO_MANY_LENGTHS',
    ],
    [
      'an oversubscribed code for code lengths',
      dynamicBlock(257, 1, { 0: 1, 1: 1, 2: 1 }).bytes(),
      'ERR_INFLATE_PRECODE',
    ],
    ['an incomplete code for code lengths', dynamicBlock(257, 1, { 0: 1 }).bytes(), 'ERR_INFLATE_PRECODE'],
    [
      'a repeat before the first code length',
      dynamicBlock(257, 1, { 0: 1, 16: 1 }).code('1').number(0, 2).align().bytes(),
      'ERR_INFLATE_REPEAT',
    ],
    [
      'a repeat past the last code length',
      dynamicBlock(257, 1, { 0: 1, 18: 1 }).code('1').number(127, 7).code('1').number(127, 7).bytes(),
      'ERR_INFLATE_REPEAT',
    ],
    [
      'a code without an end-of-block symbol',
      dynamicBlock(257, 1, { 1: 1, 18: 1 })
        .code('0')
        .code('1')
        .number(127, 7)
        .code('1')
        .number(118 - 11, 7)
        .code('0')
        .bytes(),
      'ERR_INFLATE_NO_END_OF_BLOCK',
    ],
    [
      'an oversubscribed literal/length code',
      dynamicBlock(257, 1, { 1: 1, 18: 1 })
        .code('0')
        .code('0')
        .code('1')
        .number(127, 7)
        .code('1')
        .number(116 - 11, 7)
        .code('0')
        .code('0')
        .bytes(),
      'ERR_INFLATE_LITLEN_CODE',
    ],
    [
      'an incomplete literal/length code',
      dynamicBlock(257, 1, { 2: 1, 18: 1 })
        .code('0')
        .code('1')
        .number(127, 7)
        .code('1')
        .number(117 - 11, 7)
        .code('0')
        .code('0')
        .bytes(),
      'ERR_INFLATE_LITLEN_CODE',
    ],
    [
      'an incomplete distance code',
      dynamicBlock(257, 1, { 1: 1, 2: 2, 18: 2 })
        .code('0')
        .code('11')
        .number(127, 7)
        .code('11')
        .number(117 - 11, 7)
        .code('0')
        .code('10')
        .bytes(),
      'ERR_INFLATE_DISTANCE_CODE',
    ],
    ['the literal/length symbol 286', block(true, 1).code('11000110').bytes(), 'ERR_INFLATE_LITLEN_SYMBOL'],
    ['the literal/length symbol 287', block(true, 1).code('11000111').bytes(), 'ERR_INFLATE_LITLEN_SYMBOL'],
    [
      'the distance symbol 30',
      block(true, 1).code('00110000').code('0000001').code('11110').bytes(),
      'ERR_INFLATE_DISTANCE_SYMBOL',
    ],
    [
      'a match that begins before the stream',
      block(true, 1).code('00110000').code('0000001').code('00001').bytes(),
      'ERR_INFLATE_TOO_FAR_BACK',
    ],
  ] as const)('%s', (_, stream, code) => {
    expect(refusal(stream)).toBe(code);
  });

  test('a stream that failed in an earlier call', () => {
    const stream = inflater();
    expect(codeOf(() => stream.inflate(Buffer.from('07', 'hex')))).toBe('ERR_INFLATE_BLOCK_TYPE');
    expect(codeOf(() => stream.inflate(Buffer.from('0300', 'hex')))).toBe('ERR_INFLATE_FAILED');
    stream.reset();
    expect(stream.inflate(Buffer.from('0300', 'hex')).stopped).toBe('end');
  });
});

describe('a distance beyond the window', () => {
  test('is rejected even within one call, where the result of zlib depends on its buffers', () => {
    const data = noise(300);
    const stream = flushed(Buffer.concat([data, data.subarray(0, 50)]), { windowBits: 15, level: 9 });
    expect(codeOf(() => inflate(stream, { windowBits: 8 }))).toBe('ERR_INFLATE_TOO_FAR_BACK');
    expect(inflate(stream, { windowBits: 9 }).data).toHaveLength(350);
  });
});

describe.each(Object.entries(KINDS))('the output of zlib for %s', (_, make) => {
  const data = make(20_000);

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('is restored at level %i', (level) => {
    for (const windowBits of [9, 12, 15]) {
      for (const stream of [packed(data, { level, windowBits }), flushed(data, { level, windowBits })]) {
        expect(Buffer.compare(inflate(stream, { windowBits }).data, data)).toBe(0);
      }
    }
  });

  test.each([constants.Z_FILTERED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED])(
    'is restored with strategy %i',
    (strategy) => {
      for (const memLevel of [1, 9]) {
        expect(Buffer.compare(inflate(packed(data, { strategy, memLevel })).data, data)).toBe(0);
      }
    },
  );

  test('is restored in steps of any size, with limits of any size', () => {
    const part = data.subarray(0, 4000);
    const stream = packed(part);
    for (const step of [1, 3, 100, 4096]) {
      for (const limit of [1, 13, 259, 1000, Infinity]) {
        expect(Buffer.compare(stepwise(stream, step, limit), part)).toBe(0);
      }
    }
  });

  test('is restored with a dictionary, of which only the last bytes are used', () => {
    const dictionary = Buffer.concat([noise(1000), data.subarray(0, 6000)]);
    for (const windowBits of [9, 13, 15]) {
      const stream = packed(data, { dictionary: dictionary.subarray(-(2 ** windowBits)), windowBits });
      expect(Buffer.compare(inflate(stream, { dictionary, windowBits }).data, data)).toBe(0);
    }
  });
});

/** Inflates in steps of `step` bytes of input and `limit` bytes of output. */
function stepwise(stream: Uint8Array, step: number, limit: number): Buffer {
  const made = inflater();
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let calls = 0; calls < 1e6; calls++) {
    const { data, consumed, stopped } = made.inflate(stream.subarray(at, at + step), limit);
    if (data.length > limit) throw new Error(`makes ${data.length} bytes with a limit of ${limit}`);
    parts.push(data);
    at += consumed;
    if (stopped === 'end') break;
  }
  expect(at).toBe(stream.length);
  return Buffer.concat(parts);
}

describe('a limit', () => {
  const data = records(1000);
  const stream = flushed(data);

  test('stops only when there is more output', () => {
    expect(inflate(stream, { limit: 1000 })).toMatchObject({ stopped: 'input', consumed: stream.length });
    for (const limit of [0, 1, 500, 999]) {
      const { data: part, stopped } = inflate(stream, { limit });
      expect(stopped).toBe('limit');
      expect(Buffer.compare(part, data.subarray(0, limit))).toBe(0);
    }
  });

  test('stops a decompression bomb after that many bytes', () => {
    const bomb = flushed(zeros(100_000_000));
    const { data: part, stopped, consumed } = inflate(bomb, { limit: 1_000_000 });
    expect(stopped).toBe('limit');
    expect(part).toHaveLength(1_000_000);
    expect(consumed).toBeLessThan(bomb.length / 50);
  });

  test.each([-1, 0.5, NaN])('must be a non-negative integer, not %d', (limit) => {
    expect(() => inflate(stream, { limit })).toThrow(RangeError);
  });
});

describe('the end of a stream', () => {
  test('does not consume the bytes after it', () => {
    const stream = packed(records(3000));
    const followed = Buffer.concat([stream, Buffer.from('what follows')]);
    expect(inflate(followed)).toMatchObject({ stopped: 'end', consumed: stream.length });
    const made = inflater();
    for (const byte of stream.subarray(0, -1)) expect(made.inflate(Buffer.of(byte)).stopped).toBe('input');
    expect(made.inflate(followed.subarray(stream.length - 1))).toMatchObject({ stopped: 'end', consumed: 1 });
    expect(made.inflate(Buffer.from('more'))).toMatchObject({ stopped: 'end', consumed: 0 });
  });

  test('is the end for further calls too, wherever the stream was cut', () => {
    const stream = packed(records(300));
    for (let length = 0; length < stream.length; length++) {
      const made = inflater();
      made.inflate(stream.subarray(0, length));
      expect(made.inflate(stream.subarray(length)).stopped).toBe('end');
      expect(made.inflate(Buffer.alloc(20))).toMatchObject({ stopped: 'end', consumed: 0 });
    }
  });

  test('is not reached when bytes are missing', () => {
    const stream = packed(records(300));
    for (let length = 0; length < stream.length; length++) {
      expect(inflate(stream.subarray(0, length))).toMatchObject({ stopped: 'input', consumed: length });
    }
  });
});

describe('the tail', () => {
  test('is read after data of any length', () => {
    for (const length of [0, 1, 100, 65_535, 65_536, 65_537, 200_000]) {
      const data = noise(length);
      const stream = flushed(data);
      for (const split of [stream.length, stream.length - 4, stream.length - 1]) {
        const result = inflate(stream.subarray(0, split), { tail: stream.subarray(split) });
        expect(result).toMatchObject({ stopped: 'input', consumed: stream.length });
        expect(Buffer.compare(result.data, data)).toBe(0);
      }
    }
  });
});

test('an invalid window is rejected', () => {
  for (const windowBits of [7, 16, 9.5, NaN]) {
    expect(() => inflate(new Uint8Array(0), { windowBits })).toThrow(RangeError);
    expect(() => new Inflater({ windowBits })).toThrow(RangeError);
  }
});

test('a closed context rejects every call, and can be closed again', () => {
  const closed = inflater();
  closed.close();
  closed.close();
  expect(codeOf(() => closed.inflate(new Uint8Array(0)))).toBe('ERR_DEFLATE_CLOSED');
  expect(codeOf(() => closed.reset())).toBe('ERR_DEFLATE_CLOSED');
});
