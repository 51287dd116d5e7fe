// The table of protocol errors, row by row.
import { describe, expect, test } from 'vitest';
import {
  CloseCode,
  isProtocolError,
  PROTOCOL_ERRORS,
  protocolError,
  type ProtocolRule,
} from '@framewire/codec';

const frame = 'Invalid WebSocket frame:';

/** The public part of each row. Programs rely on the code, class, close code and message. */
const rows: Record<
  ProtocolRule,
  [code: string, closeCode: number, type: 'Error' | 'RangeError', message: string]
> = {
  UNEXPECTED_RSV_2_3: [
    'WS_ERR_UNEXPECTED_RSV_2_3',
    1002,
    'RangeError',
    `${frame} RSV2 and RSV3 must be clear`,
  ],
  UNEXPECTED_RSV_1: ['WS_ERR_UNEXPECTED_RSV_1', 1002, 'RangeError', `${frame} RSV1 must be clear`],
  INVALID_OPCODE: ['WS_ERR_INVALID_OPCODE', 1002, 'RangeError', `${frame} invalid opcode`],
  EXPECTED_FIN: ['WS_ERR_EXPECTED_FIN', 1002, 'RangeError', `${frame} FIN must be set`],
  INVALID_CONTROL_PAYLOAD_LENGTH: [
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    1002,
    'RangeError',
    `${frame} invalid payload length`,
  ],
  EXPECTED_MASK: ['WS_ERR_EXPECTED_MASK', 1002, 'RangeError', `${frame} MASK must be set`],
  UNEXPECTED_MASK: ['WS_ERR_UNEXPECTED_MASK', 1002, 'RangeError', `${frame} MASK must be clear`],
  INVALID_CLOSE_CODE: ['WS_ERR_INVALID_CLOSE_CODE', 1002, 'RangeError', `${frame} invalid status code`],
  INVALID_UTF8: ['WS_ERR_INVALID_UTF8', 1007, 'Error', `${frame} invalid UTF-8 sequence`],
  UNSUPPORTED_DATA_PAYLOAD_LENGTH: [
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    1009,
    'RangeError',
    'Unsupported WebSocket frame: payload length > 2^53 - 1',
  ],
  UNSUPPORTED_MESSAGE_LENGTH: [
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    1009,
    'RangeError',
    'Max payload size exceeded',
  ],
  TOO_MANY_FRAGMENTS: ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008, 'RangeError', 'Too many message fragments'],
  TOO_MANY_CHUNKS: ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008, 'RangeError', 'Too many buffered chunks'],
};

describe('the table of protocol errors', () => {
  test('has exactly the rows that are tested here', () => {
    expect(Object.keys(PROTOCOL_ERRORS).sort()).toEqual(Object.keys(rows).sort());
  });

  test.each(Object.entries(rows) as [ProtocolRule, (typeof rows)[ProtocolRule]][])(
    'has the code, close code (§7.4.1), class and message of %s',
    (rule, [code, closeCode, type, message]) => {
      expect(PROTOCOL_ERRORS[rule]).toEqual({ code, closeCode, type, message });
      const error = protocolError(rule);
      expect(error).toMatchObject({ code, closeCode, message, name: type });
      expect(Object.getPrototypeOf(error)).toBe({ Error, RangeError }[type].prototype);
      expect(protocolError(rule, 7).message).toBe(`${message} 7`);
      expect(isProtocolError(error)).toBe(true);
    },
  );

  test('has only close codes for violations (§7.4.1)', () => {
    const { PROTOCOL_ERROR, INVALID_FRAME_PAYLOAD_DATA, POLICY_VIOLATION, MESSAGE_TOO_BIG } = CloseCode;
    const sent = new Set(Object.values(PROTOCOL_ERRORS).map(({ closeCode }) => closeCode));
    expect([...sent].sort()).toEqual([
      PROTOCOL_ERROR,
      INVALID_FRAME_PAYLOAD_DATA,
      POLICY_VIOLATION,
      MESSAGE_TOO_BIG,
    ]);
  });
});

describe('a protocol error', () => {
  test.each([
    ['an error without a code', new RangeError('Invalid WebSocket frame: MASK must be set')],
    ['one with another code', Object.assign(new Error(), { code: 'ECONNRESET', closeCode: 1002 })],
    ['one without a close code', Object.assign(new Error(), { code: 'WS_ERR_INVALID_UTF8' })],
    ['one with only a close code', Object.assign(new Error(), { closeCode: 1002 })],
    ['an object that looks like one', { code: 'WS_ERR_INVALID_UTF8', closeCode: 1007 }],
    ['nothing', undefined],
  ])('is not %s', (_, thrown) => {
    expect(isProtocolError(thrown)).toBe(false);
  });

  test('may be created by another copy of the package', () => {
    const error = Object.assign(new Error('text'), { code: 'WS_ERR_INVALID_UTF8', closeCode: 1007 });
    expect(isProtocolError(error)).toBe(true);
  });
});
