// The close codes that may be on the wire (RFC 6455 §7.4).
import { describe, expect, test } from 'vitest';
import { CloseCode, isValidCloseCode } from '@framewire/codec';

describe('a close code', () => {
  test('may be sent when it is assigned (§7.4.1, §11.7), or for libraries and applications (§7.4.2)', () => {
    const assigned = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    const free = Array.from({ length: 2000 }, (_, i) => 3000 + i);
    const valid = Array.from({ length: 65536 }, (_, code) => code).filter((code) => isValidCloseCode(code));
    expect(valid).toEqual([...assigned, ...free]);
  });

  test.each([-1, 65536, 65536 + 1000, 1000.5, 3999.5, NaN, Infinity, -1000])('is not %d', (code) => {
    expect(isValidCloseCode(code)).toBe(false);
  });

  test('has the name of the registry (§11.7)', () => {
    expect(CloseCode).toEqual({
      NORMAL_CLOSURE: 1000,
      GOING_AWAY: 1001,
      PROTOCOL_ERROR: 1002,
      UNSUPPORTED_DATA: 1003,
      NO_STATUS_RECEIVED: 1005,
      ABNORMAL_CLOSURE: 1006,
      INVALID_FRAME_PAYLOAD_DATA: 1007,
      POLICY_VIOLATION: 1008,
      MESSAGE_TOO_BIG: 1009,
      MANDATORY_EXTENSION: 1010,
      INTERNAL_ERROR: 1011,
      SERVICE_RESTART: 1012,
      TRY_AGAIN_LATER: 1013,
      BAD_GATEWAY: 1014,
      TLS_HANDSHAKE: 1015,
    });
  });
});
