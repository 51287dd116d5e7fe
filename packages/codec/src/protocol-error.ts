// The error table of frames and messages: for each rule, the code, the close code, the class and the message. Call sites name the rule.
// The messages are those of `ws`.
import { CloseCode } from './close-code.ts';

interface Row {
  /** The `error.code` that applications test. */
  readonly code: `WS_ERR_${string}`;
  /** The close code that reports it to the peer. */
  readonly closeCode: number;
  readonly type: 'Error' | 'RangeError';
  readonly message: string;
}

function row<const Code extends Row['code']>(
  code: Code,
  closeCode: number,
  message: string,
  type: Row['type'] = 'RangeError',
): Row & { readonly code: Code } {
  return { code, closeCode, message, type };
}

const frame = 'Invalid WebSocket frame:';

const table = {
  /** §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." */
  UNEXPECTED_RSV_2_3: row(
    'WS_ERR_UNEXPECTED_RSV_2_3',
    CloseCode.PROTOCOL_ERROR,
    `${frame} RSV2 and RSV3 must be clear`,
  ),
  /** §5.2, and RFC 7692 §6: only the first frame of a compressed message has RSV1. */
  UNEXPECTED_RSV_1: row('WS_ERR_UNEXPECTED_RSV_1', CloseCode.PROTOCOL_ERROR, `${frame} RSV1 must be clear`),
  /** §5.2 (reserved opcodes) and §5.4 (a continuation without a message, or a message inside of a message). */
  INVALID_OPCODE: row('WS_ERR_INVALID_OPCODE', CloseCode.PROTOCOL_ERROR, `${frame} invalid opcode`),
  /** §5.5: "All control frames [...] MUST NOT be fragmented." */
  EXPECTED_FIN: row('WS_ERR_EXPECTED_FIN', CloseCode.PROTOCOL_ERROR, `${frame} FIN must be set`),
  /** §5.5: at most 125 bytes; §5.5.1: the body of a close frame is empty or starts with a 2-byte code. */
  INVALID_CONTROL_PAYLOAD_LENGTH: row(
    'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    CloseCode.PROTOCOL_ERROR,
    `${frame} invalid payload length`,
  ),
  /** §5.1: "a client MUST mask all frames that it sends to the server". */
  EXPECTED_MASK: row('WS_ERR_EXPECTED_MASK', CloseCode.PROTOCOL_ERROR, `${frame} MASK must be set`),
  /** §5.1: "A server MUST NOT mask any frames that it sends to the client." */
  UNEXPECTED_MASK: row('WS_ERR_UNEXPECTED_MASK', CloseCode.PROTOCOL_ERROR, `${frame} MASK must be clear`),
  /** §7.4: codes that are unassigned or reserved. */
  INVALID_CLOSE_CODE: row(
    'WS_ERR_INVALID_CLOSE_CODE',
    CloseCode.PROTOCOL_ERROR,
    `${frame} invalid status code`,
  ),
  /** §8.1: text is UTF-8, and so is the reason of a close frame (§5.5.1). */
  INVALID_UTF8: row(
    'WS_ERR_INVALID_UTF8',
    CloseCode.INVALID_FRAME_PAYLOAD_DATA,
    `${frame} invalid UTF-8 sequence`,
    'Error',
  ),
  /** The length is not exact as a JavaScript number, or has the highest bit set, which §5.2 requires to be clear. */
  UNSUPPORTED_DATA_PAYLOAD_LENGTH: row(
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    CloseCode.MESSAGE_TOO_BIG,
    'Unsupported WebSocket frame: payload length > 2^53 - 1',
  ),
  /** The limit `maxPayload`. */
  UNSUPPORTED_MESSAGE_LENGTH: row(
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    CloseCode.MESSAGE_TOO_BIG,
    'Max payload size exceeded',
  ),
  /** The limit `maxFragments`. */
  TOO_MANY_FRAGMENTS: row(
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    CloseCode.POLICY_VIOLATION,
    'Too many message fragments',
  ),
  /** The limit `maxBufferedChunks`. */
  TOO_MANY_CHUNKS: row(
    'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    CloseCode.POLICY_VIOLATION,
    'Too many buffered chunks',
  ),
} as const;

/** The name of a row of the table of protocol errors. */
export type ProtocolRule = keyof typeof table;

/** The `code` of a protocol error. */
export type ProtocolErrorCode = (typeof table)[ProtocolRule]['code'];

/**
 * Thrown when a peer breaks a rule: a `RangeError` (an `Error` for `WS_ERR_INVALID_UTF8`) that also says how to fail the connection
 * (§7.1.7).
 */
export type ProtocolError = Error & {
  /** Names the rule. Starts with `WS_ERR_`. */
  readonly code: ProtocolErrorCode;
  /** The close code that reports it to the peer (§7.4.1): 1002, 1007, 1008 or 1009. */
  readonly closeCode: number;
};

/** Every error that a peer can cause, by rule: its `code`, the close code for the peer, its class and message. */
export const PROTOCOL_ERRORS: Readonly<Record<ProtocolRule, Row>> = table;

const CLASSES = { Error, RangeError };

/**
 * Creates the error of a rule.
 *
 * @param rule the row of {@link PROTOCOL_ERRORS}
 * @param detail the value that breaks the rule, appended to the message
 */
export function protocolError(rule: ProtocolRule, detail?: number): ProtocolError {
  const { code, closeCode, message, type } = PROTOCOL_ERRORS[rule];
  const error = new CLASSES[type](detail === undefined ? message : `${message} ${String(detail)}`);
  return Object.assign(error, { code: code as ProtocolErrorCode, closeCode });
}

const codes = new Set<unknown>(Object.values(table).map((row) => row.code));

/** Whether {@link protocolError} has created the error, in this copy of the package or another, in any realm. */
export function isProtocolError(error: unknown): error is ProtocolError {
  // `instanceof` would be false for an error of another realm.
  if (Object.prototype.toString.call(error) !== '[object Error]') return false;
  const { code, closeCode } = error as { code?: unknown; closeCode?: unknown };
  return codes.has(code) && typeof closeCode === 'number';
}
