// The error table of the opening handshake: for each rule, the code, the class, the HTTP status and the message. Call sites name the
// rule. Messages that applications match are those of `ws`.

interface Row {
  /** The `error.code` that applications test. */
  readonly code: `WS_ERR_${string}`;
  /** The HTTP status of the refusal; 0 if there is none, because the server or the caller made the error. */
  readonly status: number;
  readonly type: 'Error' | 'TypeError' | 'RangeError' | 'SyntaxError';
  /** `{}` stands for the detail. */
  readonly message: string;
}

function row<const Code extends Row['code'], const Status extends number>(
  code: Code,
  status: Status,
  message: string,
  type: Row['type'] = 'Error',
): Row & { readonly code: Code; readonly status: Status } {
  return { code, status, message, type };
}

/** Every rule of the opening handshake that can be broken, with the error for it. */
export const HANDSHAKE_ERRORS = {
  // A request that a server rejects (RFC 6455 §4.2.1, §4.2.2)
  INVALID_METHOD: row('WS_ERR_INVALID_METHOD', 405, 'Invalid HTTP method'),
  INVALID_UPGRADE: row('WS_ERR_INVALID_UPGRADE', 400, 'Invalid Upgrade header'),
  INVALID_CONNECTION: row('WS_ERR_INVALID_CONNECTION', 400, 'Invalid Connection header'),
  INVALID_KEY: row('WS_ERR_INVALID_KEY', 400, 'Missing or invalid Sec-WebSocket-Key header'),
  INVALID_VERSION: row('WS_ERR_INVALID_VERSION', 400, 'Missing or invalid Sec-WebSocket-Version header'),
  INVALID_HTTP_VERSION: row('WS_ERR_INVALID_HTTP_VERSION', 505, 'HTTP version is not 1.1'),
  INVALID_HOST: row('WS_ERR_INVALID_HOST', 400, 'Missing or invalid Host header'),
  UNEXPECTED_BODY: row('WS_ERR_UNEXPECTED_BODY', 400, 'Content-Length or Transfer-Encoding on an upgrade'),
  INVALID_SUBPROTOCOL_REQUEST: row(
    'WS_ERR_INVALID_SUBPROTOCOL_REQUEST',
    400,
    'Invalid Sec-WebSocket-Protocol header',
  ),
  INVALID_EXTENSION_OFFER: row(
    'WS_ERR_INVALID_EXTENSION_OFFER',
    400,
    'Invalid or unacceptable Sec-WebSocket-Extensions header',
  ),

  // A response on which a client fails the connection (RFC 6455 §4.1). For Upgrade, Connection and body, see the rows above.
  UNEXPECTED_RESPONSE: row('WS_ERR_UNEXPECTED_RESPONSE', 0, 'Unexpected server response: {}'),
  INVALID_ACCEPT: row('WS_ERR_INVALID_ACCEPT', 0, 'Invalid Sec-WebSocket-Accept header'),
  MISSING_SUBPROTOCOL: row('WS_ERR_MISSING_SUBPROTOCOL', 0, 'Server sent no subprotocol'),
  INVALID_SUBPROTOCOL: row('WS_ERR_INVALID_SUBPROTOCOL', 0, 'Server sent an invalid subprotocol'),
  UNREQUESTED_SUBPROTOCOL: row(
    'WS_ERR_UNREQUESTED_SUBPROTOCOL',
    0,
    'Server sent a subprotocol but none was requested',
  ),
  INVALID_EXTENSIONS: row('WS_ERR_INVALID_EXTENSIONS', 0, 'Invalid Sec-WebSocket-Extensions header'),
  UNREQUESTED_EXTENSIONS: row(
    'WS_ERR_UNREQUESTED_EXTENSIONS',
    0,
    'Server sent a Sec-WebSocket-Extensions header but no extension was requested',
  ),
  UNREQUESTED_EXTENSION: row(
    'WS_ERR_UNREQUESTED_EXTENSION',
    0,
    'Server indicated an extension that was not requested',
  ),

  // An invalid raw head (RFC 9112 §2 to §5, §6.3)
  HEAD_TOO_LARGE: row('WS_ERR_HEAD_TOO_LARGE', 431, 'Head is too large', 'RangeError'),
  TOO_MANY_HEADERS: row('WS_ERR_TOO_MANY_HEADERS', 431, 'Head has too many header fields', 'RangeError'),
  MALFORMED_START_LINE: row('WS_ERR_MALFORMED_START_LINE', 400, 'Malformed start line'),
  MALFORMED_LINE_ENDING: row('WS_ERR_MALFORMED_LINE_ENDING', 400, 'CR or LF without the other'),
  ILLEGAL_BYTE: row('WS_ERR_ILLEGAL_BYTE', 400, 'Illegal byte in head'),
  FOLDED_LINE: row('WS_ERR_FOLDED_LINE', 400, 'Folded header line'),
  MALFORMED_HEADER_NAME: row('WS_ERR_MALFORMED_HEADER_NAME', 400, 'Malformed header name'),
  REPEATED_HEADER: row('WS_ERR_REPEATED_HEADER', 400, 'Repeated header that must be unique'),
  AMBIGUOUS_BODY: row(
    'WS_ERR_AMBIGUOUS_BODY',
    400,
    'Malformed Content-Length, or Content-Length with Transfer-Encoding',
  ),

  // A field value that does not follow its grammar (RFC 6455 §9.1, §11.3)
  UNEXPECTED_CHARACTER: row(
    'WS_ERR_UNEXPECTED_CHARACTER',
    0,
    'Unexpected character at index {}',
    'SyntaxError',
  ),
  UNEXPECTED_END: row('WS_ERR_UNEXPECTED_END', 0, 'Unexpected end of input', 'SyntaxError'),
  REPEATED_SUBPROTOCOL: row(
    'WS_ERR_REPEATED_SUBPROTOCOL',
    0,
    'The "{}" subprotocol is duplicated',
    'SyntaxError',
  ),

  // Invalid arguments of a caller
  ILLEGAL_KEY: row('WS_ERR_ILLEGAL_KEY', 0, 'A key must be 22 base64 characters and "=="', 'TypeError'),
  ILLEGAL_VERSION: row(
    'WS_ERR_ILLEGAL_VERSION',
    0,
    'Unsupported protocol version: {} (supported versions: 8, 13)',
    'RangeError',
  ),
  ILLEGAL_SUBPROTOCOL: row(
    'WS_ERR_ILLEGAL_SUBPROTOCOL',
    0,
    'An invalid or duplicated subprotocol was specified',
    'SyntaxError',
  ),
  ILLEGAL_EXTENSION: row(
    'WS_ERR_ILLEGAL_EXTENSION',
    0,
    'Illegal extension name, parameter or value',
    'TypeError',
  ),
  ILLEGAL_METHOD: row('WS_ERR_ILLEGAL_METHOD', 0, 'Illegal HTTP method', 'TypeError'),
  ILLEGAL_TARGET: row('WS_ERR_ILLEGAL_TARGET', 0, 'Illegal character in request target', 'TypeError'),
  ILLEGAL_STATUS: row('WS_ERR_ILLEGAL_STATUS', 0, 'Illegal HTTP status: {}', 'RangeError'),
  ILLEGAL_HEADER_NAME: row('WS_ERR_ILLEGAL_HEADER_NAME', 0, 'Illegal header name "{}"', 'TypeError'),
  ILLEGAL_HEADER_VALUE: row(
    'WS_ERR_ILLEGAL_HEADER_VALUE',
    0,
    'Illegal character in the value of header "{}"',
    'TypeError',
  ),
  ILLEGAL_LINE: row('WS_ERR_ILLEGAL_LINE', 0, 'Illegal header line at index {}', 'TypeError'),
  HEAD_IS_OVER: row('WS_ERR_HEAD_IS_OVER', 0, 'push() was called after the end of the head'),
} as const;

/** The name of a row of {@link HANDSHAKE_ERRORS}. */
export type HandshakeRule = keyof typeof HANDSHAKE_ERRORS;

/** The rules for which a server sends an HTTP status. */
export type RefusalRule = {
  [Rule in HandshakeRule]: (typeof HANDSHAKE_ERRORS)[Rule]['status'] extends 0 ? never : Rule;
}[HandshakeRule];

/** The values of `error.code` and `refusal.code`. */
export type HandshakeErrorCode = (typeof HANDSHAKE_ERRORS)[HandshakeRule]['code'];

/** An error of the opening handshake. Its class is the one that the row names. */
export interface HandshakeError extends Error {
  /** The rule that was broken. */
  readonly code: HandshakeErrorCode;
}

const CLASSES = { Error, TypeError, RangeError, SyntaxError };

/**
 * Creates the error of a rule.
 *
 * @param rule - the row of {@link HANDSHAKE_ERRORS}
 * @param detail - replaces `{}` in the message of the row
 */
export function handshakeError(rule: HandshakeRule, detail: string | number = ''): HandshakeError {
  const { code, message, type } = HANDSHAKE_ERRORS[rule];
  const error = new CLASSES[type](message.replace('{}', () => String(detail)));
  return Object.assign(error, { code });
}
