// The head of an HTTP request or response as data, and its conversion to text or bytes (RFC 9112 §2 to §5). head-parser.ts parses it.
import { kernel } from '#kernels';
import { isFieldValue, isTarget, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';
import { checkField, type HeaderField } from './headers.ts';
import { reasonPhrase } from './status.ts';

/** The head of a request. */
export interface RequestHead {
  readonly method: string;
  /** The target in the request line. For an upgrade, the path and query (RFC 6455 §4.1). */
  readonly target: string;
  /** `1.1` or `1.0` in a parsed head. Heads are always written as 1.1. */
  readonly httpVersion?: string;
  /** All fields in order. {@link headerRecord} converts them to a record. */
  readonly headers: readonly HeaderField[];
}

/** The head of a response. */
export interface ResponseHead {
  readonly statusCode: number;
  /** The reason phrase. When writing, the default is the registered one. */
  readonly reason?: string;
  /** `1.1` or `1.0` in a parsed head. Heads are always written as 1.1. */
  readonly httpVersion?: string;
  /** All fields in order. {@link headerRecord} converts them to a record. */
  readonly headers: readonly HeaderField[];
}

/**
 * Joins the lines of a head, such as those of {@link acceptUpgrade}, with CR LF, and ends it with an empty line.
 *
 * @param lines - the start line, then `Name: value` for each header
 * @returns the bytes to write, one for each character. HTTP heads are Latin-1, but a stream would write a string as UTF-8
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_LINE` for a line that is not a header, or that has CR, LF, another control character
 * or a character above U+00FF
 */
export function formatHead(lines: readonly string[]): Uint8Array {
  lines.forEach((line, index) => {
    if (!isFieldValue(line) || (index > 0 && !isToken(line.slice(0, Math.max(0, line.indexOf(':')))))) {
      throw handshakeError('ILLEGAL_LINE', index);
    }
  });
  return kernel.encodeLatin1(`${lines.join('\r\n')}\r\n\r\n`);
}

/**
 * Writes the head of a request as bytes. The inverse of parsing it.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_METHOD`, `WS_ERR_ILLEGAL_TARGET`, `WS_ERR_ILLEGAL_HEADER_NAME` or
 * `WS_ERR_ILLEGAL_HEADER_VALUE`
 */
export function formatRequestHead({ method, target, headers }: RequestHead): Uint8Array {
  if (!isToken(method)) throw handshakeError('ILLEGAL_METHOD');
  if (!isTarget(target)) throw handshakeError('ILLEGAL_TARGET');
  return encodeHead(`${method} ${target} HTTP/1.1`, headers);
}

/**
 * Writes the head of a response as bytes. The inverse of parsing it.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_STATUS`; `TypeError` with the code `WS_ERR_ILLEGAL_LINE` (for the reason phrase),
 * `WS_ERR_ILLEGAL_HEADER_NAME` or `WS_ERR_ILLEGAL_HEADER_VALUE`
 */
export function formatResponseHead(head: ResponseHead): Uint8Array {
  const { statusCode, reason = reasonPhrase(statusCode), headers } = head;
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 999) {
    throw handshakeError('ILLEGAL_STATUS', statusCode);
  }
  return encodeHead(`HTTP/1.1 ${statusCode} ${reason}`, headers);
}

function encodeHead(startLine: string, headers: readonly HeaderField[]): Uint8Array {
  const lines = headers.map(([name, value]) => {
    checkField(name, value);
    return `${name}: ${value}`;
  });
  return formatHead([startLine, ...lines]);
}
