// The rules of RFC 6455 §5 for a single frame.
import { describe, expect, test } from 'vitest';
import type { FrameDecoderOptions } from '@framewire/codec';
import { codecs } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';
import { byteByByte, read, readEveryWay } from './support/reading.ts';
import { frame, masked, received, roles } from './support/wire.ts';

describe.each(codecs)('the frame decoder ($name)', ({ codec }) => {
  describe('reads the examples of §5.7', () => {
    test.each([
      [
        'a single-frame unmasked text message',
        'client',
        '8105 48656c6c6f',
        { opcode: 1, payload: '48656c6c6f' },
      ],
      [
        'a single-frame masked text message',
        'server',
        '8185 37fa213d 7f9f4d5158',
        { opcode: 1, payload: '48656c6c6f' },
      ],
      ['an unmasked ping', 'client', '8905 48656c6c6f', { opcode: 9, payload: '48656c6c6f' }],
      ['a masked pong', 'server', '8a85 37fa213d 7f9f4d5158', { opcode: 10, payload: '48656c6c6f' }],
    ] as const)('%s', (_, role, wire, { opcode, payload }) => {
      expect(readEveryWay(codec, { role }, hex(wire))).toEqual({
        frames: [{ fin: true, rsv1: false, opcode, payload }],
        messages: [],
      });
    });

    test('a fragmented unmasked text message', () => {
      expect(readEveryWay(codec, { role: 'client' }, hex('0103 48656c 8002 6c6f')).frames).toEqual([
        { fin: false, rsv1: false, opcode: 1, payload: '48656c' },
        { fin: true, rsv1: false, opcode: 0, payload: '6c6f' },
      ]);
    });

    test.each([
      ['256 bytes', '827e0100', 256],
      ['64 KiB', '827f0000000000010000', 65536],
    ])('%s of binary in a single unmasked frame', (_, header, length) => {
      const payload = someBytes(length);
      const { frames } = readEveryWay(codec, { role: 'client' }, concat(hex(header), payload));
      expect(frames).toEqual([{ fin: true, rsv1: false, opcode: 2, payload: toHex(payload) }]);
    });
  });

  describe.each(roles)('as a %s', (role) => {
    const readFrames = (options: Omit<FrameDecoderOptions, 'role'>, ...frames: (string | Uint8Array)[]) =>
      readEveryWay(codec, { role, ...options }, received(role, ...frames));

    test.each([
      0, 1, 2, 3, 4, 5, 31, 32, 33, 95, 96, 97, 98, 125, 126, 127, 1023, 1024, 1025, 65535, 65536, 65537,
    ])('reads a payload of %i bytes, with its length in the form of §5.2', (length) => {
      const payload = someBytes(length);
      const { frames, error } = readFrames({}, frame('82', payload), '8a00');
      expect(error).toBeUndefined();
      expect(frames.map(({ opcode }) => opcode)).toEqual([2, 10]);
      expect(frames[0]!.payload === toHex(payload)).toBe(true);
    });

    test('reads a length that is not in its shortest form, because §5.2 requires that only of the sender', () => {
      const { frames } = readFrames(
        {},
        '827e 0001 aa',
        '827f 0000000000000002 bbcc',
        '827e 0000',
        '827f 0000000000000000',
      );
      expect(frames.map(({ payload }) => payload)).toEqual(['aa', 'bbcc', '', '']);
    });

    test('reads each opcode of §5.2, and data frames without FIN', () => {
      const { frames } = readFrames(
        {},
        '0000',
        '0100',
        '0200',
        '8000',
        '8100',
        '8200',
        '8800',
        '8900',
        '8a00',
      );
      expect(frames.map(({ fin, opcode }) => [fin, opcode])).toEqual([
        [false, 0],
        [false, 1],
        [false, 2],
        [true, 0],
        [true, 1],
        [true, 2],
        [true, 8],
        [true, 9],
        [true, 10],
      ]);
    });

    test('reads control frames of 0 and of 125 bytes, and a close frame of 2 (§5.5)', () => {
      const longest = someBytes(125);
      const { frames } = readFrames(
        {},
        '8900',
        frame('89', longest),
        frame('8a', longest),
        '8802 03e8',
        frame('88', longest),
      );
      expect(frames.map(({ payload }) => payload.length / 2)).toEqual([0, 125, 125, 2, 125]);
    });

    describe('rejects with 1002', () => {
      const invalid = 'Invalid WebSocket frame:';
      test.each([
        ['RSV2 (§5.2)', 'a100', {}, 'WS_ERR_UNEXPECTED_RSV_2_3', `${invalid} RSV2 and RSV3 must be clear`],
        ['RSV3 (§5.2)', '9100', {}, 'WS_ERR_UNEXPECTED_RSV_2_3', `${invalid} RSV2 and RSV3 must be clear`],
        [
          'RSV3 on a control frame (§5.2)',
          '9900',
          {},
          'WS_ERR_UNEXPECTED_RSV_2_3',
          `${invalid} RSV2 and RSV3 must be clear`,
        ],
        [
          'all reserved bits where RSV1 is allowed (§5.2)',
          'f100',
          { allowRsv1: true },
          'WS_ERR_UNEXPECTED_RSV_2_3',
          `${invalid} RSV2 and RSV3 must be clear`,
        ],
        [
          'RSV1 without an extension (§5.2)',
          'c100',
          {},
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        [
          'RSV1 with `allowRsv1: false` (§5.2)',
          'c200',
          { allowRsv1: false },
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        [
          'RSV1 on a continuation (RFC 7692 §6.1)',
          'c000',
          { allowRsv1: true },
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        [
          'RSV1 on a ping (RFC 7692 §6.1)',
          'c900',
          { allowRsv1: true },
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        [
          'RSV1 on a pong (RFC 7692 §6.1)',
          'ca00',
          { allowRsv1: true },
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        [
          'RSV1 on a close frame (RFC 7692 §6.1)',
          'c800',
          { allowRsv1: true },
          'WS_ERR_UNEXPECTED_RSV_1',
          `${invalid} RSV1 must be clear`,
        ],
        ['a fragmented ping (§5.5)', '0900', {}, 'WS_ERR_EXPECTED_FIN', `${invalid} FIN must be set`],
        ['a fragmented pong (§5.5)', '0a00', {}, 'WS_ERR_EXPECTED_FIN', `${invalid} FIN must be set`],
        ['a fragmented close frame (§5.5)', '0800', {}, 'WS_ERR_EXPECTED_FIN', `${invalid} FIN must be set`],
        [
          'a ping of 126 bytes (§5.5)',
          '897e 007e',
          {},
          'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
          `${invalid} invalid payload length 126`,
        ],
        [
          'a pong whose length takes 64 bits (§5.5)',
          '8a7f 0000000000000001',
          {},
          'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
          `${invalid} invalid payload length 127`,
        ],
        [
          'a short ping whose length takes 16 bits (§5.5)',
          '897e 0001',
          {},
          'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
          `${invalid} invalid payload length 126`,
        ],
        [
          'a close frame of 126 bytes (§5.5)',
          '887e 007e',
          {},
          'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
          `${invalid} invalid payload length 126`,
        ],
        [
          'a close frame with half a code (§5.5.1)',
          '8801 03',
          {},
          'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
          `${invalid} invalid payload length 1`,
        ],
      ] as const)('%s', (_, wire, options, code, message) => {
        // Earlier frames are read, later ones are not.
        const { frames, error } = readFrames(options, '8101 61', wire, '8101 62');
        expect(frames.map(({ payload }) => payload)).toEqual(['61']);
        expect(error).toEqual({ name: 'RangeError', code, closeCode: 1002, message });
      });

      test.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('the reserved opcode %i (§5.2)', (opcode) => {
        for (const fin of [0x80, 0]) {
          const wire = Uint8Array.of(fin | opcode, 0);
          expect(readFrames({}, wire).error).toEqual({
            name: 'RangeError',
            code: 'WS_ERR_INVALID_OPCODE',
            closeCode: 1002,
            message: `Invalid WebSocket frame: invalid opcode ${opcode}`,
          });
        }
      });
    });

    test('reads RSV1 on the first frame of a message if an extension uses it (RFC 7692 §6.1)', () => {
      const { frames } = readFrames({ allowRsv1: true }, 'c101 aa', '4201 bb', '8001 cc', '8100');
      expect(frames.map(({ rsv1, payload }) => [rsv1, payload])).toEqual([
        [true, 'aa'],
        [true, 'bb'],
        [false, 'cc'],
        [false, ''],
      ]);
    });

    test.each([
      ['2^31', '0000000080000000', 2 ** 31],
      ['2^32', '0000000100000000', 2 ** 32],
      ['2^53 - 1', '001fffffffffffff', 2 ** 53 - 1],
    ])('waits for a payload of %s bytes, and allocates nothing for it', (_, length, payloadLength) => {
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(received(role, `827f${length}`));
      expect(decoder.next()).toBeUndefined();
      expect(decoder.partial).toMatchObject({ fin: true, rsv1: false, opcode: 2, payloadLength });
      expect(decoder.partial!.payload.bytes.buffer.byteLength).toBe(0);
    });

    test.each([
      ['2^53', '0020000000000000'],
      ['2^53 + 1', '0020000000000001'],
      ['2^63, the bit that must be 0 (§5.2)', '8000000000000000'],
      ['2^63 + 5', '8000000000000005'],
      ['2^64 - 1', 'ffffffffffffffff'],
    ])('rejects a payload of %s bytes with 1009, whatever the limit', (_, length) => {
      for (const maxPayload of [0, 100, -1, Infinity]) {
        expect(readFrames({ maxPayload }, `827f${length}`).error).toEqual({
          name: 'RangeError',
          code: 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
          closeCode: 1009,
          message: 'Unsupported WebSocket frame: payload length > 2^53 - 1',
        });
      }
    });

    test.each([
      ['7 bits', '8202', '8203'],
      ['16 bits', '827e 0002', '827e 0003'],
      ['64 bits', '827f 0000000000000002', '827f 0000000000000003'],
      ['64 bits, 2^32 and more', '827f 0000000000000002', '827f 0000000100000000'],
    ])('checks `maxPayload` at the header, with a length in %s', (_, allowed, refused) => {
      expect(readFrames({ maxPayload: 2 }, `${allowed} aabb`).frames).toHaveLength(1);
      const { frames, error } = readFrames({ maxPayload: 2 }, refused);
      expect(frames).toEqual([]);
      expect(error).toEqual({
        name: 'RangeError',
        code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
        closeCode: 1009,
        message: 'Max payload size exceeded',
      });
    });

    test('does not apply `maxPayload` to control frames, because it is for messages', () => {
      expect(readFrames({ maxPayload: 1 }, '8903 aabbcc', '8101 61', '8802 03e8').error).toBeUndefined();
    });

    test('reports whether a short masked payload is ASCII', () => {
      const ascii = new Uint8Array(100).fill(0x7f);
      for (const [text, isAscii] of [
        [ascii, role === 'server'],
        ...[0, 1, 50, 99].map((at) => [ascii.with(at, 0x80), false] as const),
      ] as const) {
        const decoder = new codec.FrameDecoder({ role });
        decoder.push(received(role, frame('81', text)));
        expect(decoder.next()?.ascii).toBe(isAscii);
      }
    });

    test('throws the same error at every call, whatever follows', () => {
      const decoder = new codec.FrameDecoder({ role });
      decoder.push(received(role, '8301 aa', '8101 61'));
      const errors = [0, 1, 2].map(() => {
        try {
          decoder.push(received(role, '8101 61'));
          return decoder.next();
        } catch (error) {
          return error;
        }
      });
      expect(codec.isProtocolError(errors[0])).toBe(true);
      expect(errors[1]).toBe(errors[0]);
      expect(errors[2]).toBe(errors[0]);
      expect(decoder.partial).toBeUndefined();
    });

    test('checks a header at its first two bytes, before the rest has arrived', () => {
      expect(read(codec, { role }, byteByByte(received(role, '897e 007e'))).after).toBe(2);
      expect(read(codec, { role }, byteByByte(received(role, '837f 0000000000000001'))).after).toBe(2);
    });
  });

  describe('requires the masking of §5.1', () => {
    test('a server rejects a frame that is not masked', () => {
      expect(readEveryWay(codec, { role: 'server' }, hex('8100'))).toEqual({
        frames: [],
        messages: [],
        error: {
          name: 'RangeError',
          code: 'WS_ERR_EXPECTED_MASK',
          closeCode: 1002,
          message: 'Invalid WebSocket frame: MASK must be set',
        },
      });
    });

    test('a client rejects a masked frame', () => {
      expect(readEveryWay(codec, { role: 'client' }, masked(hex('8100')))).toEqual({
        frames: [],
        messages: [],
        error: {
          name: 'RangeError',
          code: 'WS_ERR_UNEXPECTED_MASK',
          closeCode: 1002,
          message: 'Invalid WebSocket frame: MASK must be clear',
        },
      });
    });

    test('a server reads a frame with the masking key 0, which leaves the payload unchanged (§5.3)', () => {
      const { frames } = readEveryWay(codec, { role: 'server' }, hex('8183 00000000 616263'));
      expect(frames[0]!.payload).toBe('616263');
    });
  });
});
