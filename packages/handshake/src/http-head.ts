// The head of an HTTP request or response as data, and written as text or bytes (RFC 9112 §2 to §5). head-parser.ts
// reads it.
import { kernel } from '#kernels';
import { isFieldValue, isTarget, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';
import { checkField, type HeaderField } from './headers.ts';
import { reasonPhrase } from './status.ts';

/** The head of a request. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it stands in the request line: for an upgrade path and query (RFC 6455 §4.1). */
  readonly target: string;
  /** `1.1` or `1.0` in a head that was read; a head is always written as 1.1. */
  readonly httpVersion?: string;
  /** All fields in their order; {@link headerRecord} makes a record of them. */
  readonly headers: readonly HeaderField[];
}

/** The head of a response. */
export interface ResponseHead {
  readonly statusCode: number;
  /** The reason phrase; when it is written, the registered one is the default. */
  readonly reason?: string;
  /** `1.1` or `1.0` in a head that was read; a head is always written as 1.1. */
  readonly httpVersion?: string;
  /** All fields in their order; {@link headerRecord} makes a record of them. */
  readonly headers: readonly HeaderField[];
}

/**
 * Joins the lines of a head, such as those of {@link acceptUpgrade}, with CR LF and ends it with an empty line.
 *
 * @param lines - the start line, then `Name: value` for each header
 * @returns the bytes to write, one for each character: HTTP reads a head as Latin-1, while a string is written as UTF-8
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_LINE` for a line that holds CR, LF, another control character or a
 * character above U+00FF, or that is not a header
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
 * Writes the head of a request as bytes; with what `HeadParser` read, the same head again.
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
 * Writes the head of a response as bytes; with what `HeadParser` read, the same head again.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_STATUS`; `TypeError` with the code `WS_ERR_ILLEGAL_LINE` (the reason
 * phrase), `WS_ERR_ILLEGAL_HEADER_NAME` or `WS_ERR_ILLEGAL_HEADER_VALUE`
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
