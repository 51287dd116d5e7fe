// The one table of what can go wrong in an opening handshake: rule -> code, class, HTTP status, message.
// Call sites name the rule; texts that programs match on are those of `ws`.

interface Row {
  /** What programs test: `error.code`. */
  readonly code: `WS_ERR_${string}`;
  /** The HTTP status of the refusal; 0 where no refusal is sent because the fault is a server's or the caller's. */
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

/** Every rule of the opening handshake that can be broken, and how its breach is told. */
export const HANDSHAKE_ERRORS = {
  // A request that a server refuses (RFC 6455 §4.2.1, §4.2.2)
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

  // A response on which a client fails the connection (RFC 6455 §4.1). Upgrade, Connection and body: rows above.
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

  // A raw head that cannot be read (RFC 9112 §2 to §5, §6.3)
  HEAD_TOO_LARGE: row('WS_ERR_HEAD_TOO_LARGE', 431, 'Head is too large', 'RangeError'),
  TOO_MANY_HEADERS: row('WS_ERR_TOO_MANY_HEADERS', 431, 'Head has too many header fields', 'RangeError'),
  MALFORMED_START_LINE: row('WS_ERR_MALFORMED_START_LINE', 400, 'Malformed start line'),
  MALFORMED_LINE_ENDING: row('WS_ERR_MALFORMED_LINE_ENDING', 400, 'CR and LF are only legal together'),
  ILLEGAL_BYTE: row('WS_ERR_ILLEGAL_BYTE', 400, 'Illegal byte in head'),
  FOLDED_LINE: row('WS_ERR_FOLDED_LINE', 400, 'Folded header line'),
  MALFORMED_HEADER_NAME: row('WS_ERR_MALFORMED_HEADER_NAME', 400, 'Malformed header name'),
  REPEATED_HEADER: row('WS_ERR_REPEATED_HEADER', 400, 'Header that must be single is repeated'),
  AMBIGUOUS_BODY: row(
    'WS_ERR_AMBIGUOUS_BODY',
    400,
    'Malformed Content-Length, or Transfer-Encoding beside it',
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

  // What a caller of this package must not pass
  ILLEGAL_KEY: row('WS_ERR_ILLEGAL_KEY', 0, 'A key is 22 base64 characters and "=="', 'TypeError'),
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
  HEAD_IS_OVER: row('WS_ERR_HEAD_IS_OVER', 0, 'The head has ended: push() is called no more'),
} as const;

/** The name of a row of {@link HANDSHAKE_ERRORS}. */
export type HandshakeRule = keyof typeof HANDSHAKE_ERRORS;

/** The rules whose breach a server answers with an HTTP status. */
export type RefusalRule = {
  [Rule in HandshakeRule]: (typeof HANDSHAKE_ERRORS)[Rule]['status'] extends 0 ? never : Rule;
}[HandshakeRule];

/** What `error.code` and `refusal.code` can be. */
export type HandshakeErrorCode = (typeof HANDSHAKE_ERRORS)[HandshakeRule]['code'];

/** An error of the opening handshake: an `Error`, or the built-in class that its row names, with a `code`. */
export interface HandshakeError extends Error {
  /** Which rule was broken. */
  readonly code: HandshakeErrorCode;
}

const CLASSES = { Error, TypeError, RangeError, SyntaxError };

/**
 * The error of a rule, ready to be thrown or emitted.
 *
 * @param rule - the row of {@link HANDSHAKE_ERRORS}
 * @param detail - what stands in the place of `{}` in the row's message
 */
export function handshakeError(rule: HandshakeRule, detail: string | number = ''): HandshakeError {
  const { code, message, type } = HANDSHAKE_ERRORS[rule];
  const error = new CLASSES[type](message.replace('{}', () => String(detail)));
  return Object.assign(error, { code });
}
