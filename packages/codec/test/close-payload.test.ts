// Reading and writing the payload of a close frame (RFC 6455 §5.5.1).
import { describe, expect, test } from 'vitest';
import { codecs } from './support/codecs.ts';
import { concat, hex, someBytes, toHex } from './support/hex.ts';

describe.each(codecs)('the payload of a close frame ($name)', ({ codec }) => {
  const parse = (digits: string, skipUtf8Validation?: boolean) => {
    const { code, reason } = codec.parseClosePayload(hex(digits), skipUtf8Validation);
    return [code, toHex(reason)];
  };

  describe('read', () => {
    test('has the code 1005 when it is empty (§7.1.5)', () => {
      expect(parse('')).toEqual([1005, '']);
    });

    test('has a code, and a reason if there is one (§7.1.6)', () => {
      expect(parse('03e8')).toEqual([1000, '']);
      expect(parse('03ea 6e6f')).toEqual([1002, '6e6f']);
      expect(parse('0bb8 e282ac')).toEqual([3000, 'e282ac']);
      expect(parse(`1387 ${'61'.repeat(123)}`)).toEqual([4999, '61'.repeat(123)]);
    });

    test('has the reason as a view', () => {
      const payload = hex('03e8 6f6b');
      expect(codec.parseClosePayload(payload).reason.buffer).toBe(payload.buffer);
    });

    test.each([
      ['0000', 0],
      ['03e7', 999],
      ['03ec', 1004],
      ['03ed', 1005],
      ['03ee', 1006],
      ['03f7', 1015],
      ['03f8', 1016],
      ['044c', 1100],
      ['07d0', 2000],
      ['0bb7', 2999],
      ['1388', 5000],
      ['ffff', 65535],
    ])('is rejected with 1002 for the code %s, %i (§7.4)', (digits, code) => {
      const error = expect.objectContaining({
        name: 'RangeError',
        code: 'WS_ERR_INVALID_CLOSE_CODE',
        closeCode: 1002,
        message: `Invalid WebSocket frame: invalid status code ${code}`,
      });
      expect(() => parse(digits)).toThrow(error);
      expect(() => parse(`${digits} ff`)).toThrow(error);
    });

    test('is rejected with 1002 for half a code (§5.5.1)', () => {
      const error = { code: 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', closeCode: 1002 };
      expect(() => parse('0c')).toThrow(expect.objectContaining(error));
    });

    test.each(['ff', '61 c3', 'eda080', `${'61'.repeat(122)} e2`])(
      'is rejected with 1007 for a reason that is not UTF-8 (§8.1): %s',
      (reason) => {
        const error = { name: 'Error', code: 'WS_ERR_INVALID_UTF8', closeCode: 1007 };
        expect(() => parse(`03e8 ${reason}`)).toThrow(expect.objectContaining(error));
        expect(parse(`03e8 ${reason}`, true)[0]).toBe(1000);
      },
    );
  });

  describe('written', () => {
    test('is empty without a code', () => {
      expect(codec.formatClosePayload()).toHaveLength(0);
      expect(codec.formatClosePayload(undefined, 'no code, no reason')).toHaveLength(0);
    });

    test('has the code, big-endian, and the reason in UTF-8', () => {
      expect(toHex(codec.formatClosePayload(1000))).toBe('03e8');
      expect(toHex(codec.formatClosePayload(4999, 'ok'))).toBe('13876f6b');
      expect(toHex(codec.formatClosePayload(3000, '€😀'))).toBe('0bb8e282acf09f9880');
      expect(toHex(codec.formatClosePayload(1001, hex('e282ac')))).toBe('03e9e282ac');
      expect(toHex(codec.formatClosePayload(1001, Buffer.from('bye')))).toBe('03e9627965');
    });

    test('has U+FFFD for a lone surrogate in the reason', () => {
      expect(toHex(codec.formatClosePayload(1000, 'a\ud83d'))).toBe('03e861efbfbd');
      expect(toHex(codec.formatClosePayload(1000, '\ude00\ud83dé'))).toBe('03e8efbfbdefbfbdc3a9');
    });

    test('is read as it was written', () => {
      for (const reason of ['', 'going', '€'.repeat(41), 'aé€😀\ue000'.repeat(5)]) {
        const { code, reason: bytes } = codec.parseClosePayload(codec.formatClosePayload(1001, reason));
        expect([code, Buffer.from(bytes).toString()]).toEqual([1001, reason]);
      }
    });

    test('has a reason of 123 bytes at most, because a control frame has 125 (§5.5)', () => {
      expect(codec.MAX_REASON_LENGTH).toBe(123);
      for (const longest of ['a'.repeat(123), '€'.repeat(41), someBytes(123)]) {
        expect(codec.formatClosePayload(1000, longest)).toHaveLength(125);
      }
      for (const tooLong of ['a'.repeat(124), 'é'.repeat(62), `${'€'.repeat(40)}😀`, someBytes(124)]) {
        expect(() => codec.formatClosePayload(1000, tooLong)).toThrow(RangeError);
      }
    });

    test.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, NaN, '1000', null, {}])(
      'is not created for the code %j, which must not be sent (§7.4)',
      (code) => {
        expect(() => codec.formatClosePayload(code as number)).toThrow(TypeError);
      },
    );

    test.each([
      ['a view of another type', new Float32Array(20)],
      ['an ArrayBuffer', new ArrayBuffer(4)],
      ['a number', 5],
      ['null', null],
      ['an array', [97]],
    ])('is not created for a reason that is %s, so that it cannot contain other memory', (_, reason) => {
      expect(() => codec.formatClosePayload(1000, reason as unknown as string)).toThrow(TypeError);
    });
  });

  test('fits the frame that carries it', () => {
    const payload = codec.formatClosePayload(1000, 'done');
    const decoder = new codec.FrameDecoder({ role: 'client' });
    decoder.push(concat(codec.encodeFrame({ opcode: codec.Opcode.CLOSE, payload })));
    expect(toHex(decoder.next()!.payload)).toBe('03e8646f6e65');
  });
});
