// The close codes of RFC 6455 §7.4 and of the registry (§11.7), and which of them a close frame may carry.

/** The registered close codes (§7.4.1, §11.7). In a close frame a code is two bytes, big-endian. */
export const CloseCode = {
  NORMAL_CLOSURE: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never on the wire: the close frame had no code. */
  NO_STATUS_RECEIVED: 1005,
  /** Never on the wire: the connection ended without a close frame. */
  ABNORMAL_CLOSURE: 1006,
  INVALID_FRAME_PAYLOAD_DATA: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  /** Never on the wire: the TLS handshake failed. */
  TLS_HANDSHAKE: 1015,
} as const;

/**
 * Whether a close frame may carry the code. It may carry 1000 to 1014 except 1004 to 1006, which are reserved (§7.4.1), and 3000 to 4999
 * for libraries and applications (§7.4.2).
 */
export function isValidCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 1000 && code <= 1014) return code !== 1004 && code !== 1005 && code !== 1006;
  return code >= 3000 && code <= 4999;
}
