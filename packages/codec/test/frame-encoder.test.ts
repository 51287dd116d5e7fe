// Writing frames (RFC 6455 §5.2, §5.3), as new bytes and into a buffer.
import { describe, expect, test } from 'vitest';
import { codecs } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';
import { frame, masked } from './support/wire.ts';

const KEY = hex('37fa213d');
const BOUNDARIES = [0, 1, 2, 20, 31, 32, 33, 96, 97, 125, 126, 127, 1023, 1024, 65535, 65536, 65537];

describe.each(codecs)('the frame encoder ($name)', ({ codec }) => {
  const key = codec.readMaskingKey(KEY, 0);
  const keys = [
    ['a server, which never masks', undefined],
    ['a client, which always masks', key],
  ] as const;
  const onWire = (unmasked: Uint8Array, maskingKey: number | undefined) =>
    maskingKey === undefined ? unmasked : masked(unmasked, KEY);

  describe('writes the examples of §5.7', () => {
    test.each([
      ['a single-frame unmasked text message', { opcode: 1, payload: hex('48656c6c6f') }, '810548656c6c6f'],
      [
        'a single-frame masked text message',
        { opcode: 1, payload: hex('48656c6c6f'), maskingKey: key },
        '818537fa213d7f9f4d5158',
      ],
      [
        'the first fragment of a text message',
        { opcode: 1, payload: hex('48656c'), fin: false },
        '010348656c',
      ],
      ['its second fragment', { opcode: 0, payload: hex('6c6f') }, '80026c6f'],
      ['a ping', { opcode: 9, payload: hex('48656c6c6f') }, '890548656c6c6f'],
      ['a pong', { opcode: 10, payload: hex('48656c6c6f'), maskingKey: key }, '8a8537fa213d7f9f4d5158'],
    ] as const)('%s', (_, written, wire) => {
      expect(toHex(codec.encodeFrame(written))).toBe(wire);
    });

    test.each([
      ['256 bytes', 256, '827e0100'],
      ['64 KiB', 65536, '827f0000000000010000'],
    ])('%s of binary', (_, length, header) => {
      const payload = someBytes(length);
      expect(toHex(codec.encodeFrame({ opcode: 2, payload })) === header + toHex(payload)).toBe(true);
    });
  });

  describe.each(keys)('for %s', (_, maskingKey) => {
    const mask = maskingKey === undefined ? 0 : 0x80;
    const keySize = maskingKey === undefined ? 0 : 4;

    test.each(BOUNDARIES)('writes %i bytes with the shortest form of their length (§5.2)', (length) => {
      const payload = someBytes(length);
      const expected = onWire(frame('82', payload), maskingKey);
      const encoded = codec.encodeFrame({ opcode: 2, payload, maskingKey });
      expect(toHex(encoded) === toHex(expected)).toBe(true);
      expect(codec.frameHeaderSize(length, maskingKey !== undefined)).toBe(expected.length - length);
      expect(toHex(payload)).toBe(toHex(someBytes(length)));
    });

    test.each(BOUNDARIES)('writes a frame of %i bytes at the offset, and changes no other byte', (length) => {
      const payload = someBytes(length);
      const expected = onWire(frame('02', payload), maskingKey);
      const target = new Uint8Array(expected.length + 10).fill(0xee);
      const end = codec.writeFrame(target, 7, codec.firstByte(2, false, false), payload, maskingKey);
      expect(end).toBe(7 + expected.length);
      const untouched = (count: number) => new Uint8Array(count).fill(0xee);
      expect(toHex(target) === toHex(concat(untouched(7), expected, untouched(3)))).toBe(true);
    });

    test.each([
      ['125', 125, '7d'],
      ['126', 126, '7e007e'],
      ['65535', 65535, '7effff'],
      ['65536', 65536, '7f0000000000010000'],
      ['2^31', 2 ** 31, '7f0000000080000000'],
      ['2^32 - 1', 2 ** 32 - 1, '7f00000000ffffffff'],
      ['2^32', 2 ** 32, '7f0000000100000000'],
      ['2^53 - 1', 2 ** 53 - 1, '7f001fffffffffffff'],
    ])('writes only a header, for a payload of %s bytes that is written separately', (_, length, digits) => {
      const expected = concat(hex('aa82'), hex(digits), maskingKey === undefined ? hex('') : KEY);
      expected[2]! |= mask;
      const target = new Uint8Array(1 + codec.MAX_HEADER_SIZE);
      target[0] = 0xaa;
      const end = codec.writeFrameHeader(target, 1, codec.firstByte(2, true, false), length, maskingKey);
      expect(toHex(target.subarray(0, end))).toBe(toHex(expected));
    });

    test.each([
      ['nothing', ''],
      ['ASCII', 'hello'],
      ['ASCII of 32 units', 'a'.repeat(32)],
      ['ASCII of 33 units', 'a'.repeat(33)],
      ['ASCII with a late exception', `${'a'.repeat(31)}é`],
      ['the last and first characters of one, two and three bytes', '\u007f\u0080\u07ff\u0800\uffff'],
      ['the first character of two bytes, after ASCII', 'a\u0080'],
      ['two bytes for each unit', 'é'.repeat(20)],
      ['three bytes for each unit', '€'.repeat(20)],
      ['characters of two units', '😀'.repeat(20)],
      ['125 units and bytes', 'a'.repeat(125)],
      ['126 units and bytes', 'a'.repeat(126)],
      ['125 units that are 126 bytes', `${'a'.repeat(124)}é`],
      ['63 units that are 126 bytes', 'é'.repeat(63)],
      ['125 units that are 375 bytes', '€'.repeat(125)],
      ['65535 units that are 65537 bytes', `${'a'.repeat(65534)}€`],
      ['32768 units that are 65536 bytes', 'é'.repeat(32768)],
      ['100,000 units of all kinds', 'aé€😀'.repeat(20_000)],
      ['a lone high surrogate, as U+FFFD', 'a\ud83d'],
      ['a lone low surrogate, as U+FFFD', '\ude00b'],
      ['surrogates in the wrong order', '\ude00\ud83d€'],
      ['a lone surrogate in a long text', `${'x'.repeat(200)}\ud83dy`],
    ])('writes text at the offset: %s', (_, text) => {
      const bytes = new TextEncoder().encode(text);
      const expected = onWire(frame('81', bytes), maskingKey);
      const room = codec.maxTextFrameSize(text.length);
      const target = new Uint8Array(5 + room + 5).fill(0xee);
      const end = codec.writeTextFrame(target, 5, codec.firstByte(1, true, false), text, maskingKey);
      expect(end).toBe(5 + expected.length);
      expect(toHex(target.subarray(0, end)) === `${'ee'.repeat(5)}${toHex(expected)}`).toBe(true);
      expect(expected.length).toBeLessThanOrEqual(room);
      expect(toHex(target.subarray(5 + room))).toBe('ee'.repeat(5));
    });

    test('writes text into a view of a larger buffer', () => {
      const memory = Buffer.alloc(300);
      const text = '€'.repeat(40);
      const end = codec.writeTextFrame(memory.subarray(100), 3, 0x81, text, maskingKey);
      expect(end).toBe(3 + 2 + keySize + 120);
      expect(memory.subarray(0, 103).every((byte) => byte === 0)).toBe(true);
      expect(toHex(memory.subarray(103, 100 + end))).toBe(
        toHex(onWire(frame('81', Buffer.from(text)), maskingKey)),
      );
    });
  });

  test('`maxTextFrameSize` allows three bytes for each code unit, and a masked header', () => {
    expect(codec.maxTextFrameSize(0)).toBe(6);
    expect(codec.maxTextFrameSize(41)).toBe(6 + 123);
    expect(codec.maxTextFrameSize(42)).toBe(8 + 126);
    expect(codec.maxTextFrameSize(21_846)).toBe(14 + 65_538);
  });

  test('combines FIN, RSV1 and the opcode in the first byte (§5.2)', () => {
    expect(codec.firstByte(codec.Opcode.TEXT, true, false)).toBe(0x81);
    expect(codec.firstByte(codec.Opcode.BINARY, false, true)).toBe(0x42);
    expect(codec.firstByte(codec.Opcode.CONTINUATION, false, false)).toBe(0x00);
    expect(codec.firstByte(codec.Opcode.PONG, true, true)).toBe(0xca);
  });

  test('writes a frame without a payload, and one with RSV1', () => {
    expect(toHex(codec.encodeFrame({ opcode: 9 }))).toBe('8900');
    expect(toHex(codec.encodeFrame({ opcode: 1, rsv1: true, fin: false }))).toBe('4100');
  });
});
