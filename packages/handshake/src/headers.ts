// Header fields as programs hold them: the records that come in and go out, and the ordered list of a raw head.
import { isFieldValue, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/**
 * Received headers in the shape of `http.IncomingMessage.headers`: lower-case names, repeated fields joined. Requests that
 * a program makes by hand, such as to test a server without a socket, have numbers too.
 */
export type IncomingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Headers to send, in the shape that `http.request` takes; `undefined` leaves a header out. */
export type OutgoingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One field of a raw head: the name in its own spelling, the value without the space around it. */
export type HeaderField = readonly [name: string, value: string];

/** The value of a received header; repeated fields are one value, joined with commas (RFC 9110 §5.2). */
export function valueOf(headers: IncomingHeaders, lowerCaseName: string): string | undefined {
  const value = headers[lowerCaseName];
  if (typeof value === 'object') return value.join(', ');
  return value === undefined ? undefined : String(value);
}

/**
 * The headers of a raw head as the record that {@link checkUpgradeRequest} and {@link checkUpgradeResponse} take: names
 * in lower case, values of the same name joined with a comma (with a semicolon for `cookie`; a list for `set-cookie`).
 * The record has no prototype: `constructor` and `__proto__` are names like any other.
 */
export function headerRecord(fields: readonly HeaderField[]): Record<string, string | string[]> {
  const record = Object.create(null) as Record<string, string | string[]>;
  for (const [spelling, value] of fields) {
    const name = spelling.toLowerCase();
    const before = record[name];
    if (name === 'set-cookie') record[name] = before === undefined ? [value] : [before, value].flat();
    else if (before === undefined) record[name] = value;
    else record[name] = `${String(before)}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return record;
}

/**
 * The fields to send for a record of headers, one for each element of a list, after checking each.
 *
 * @throws `TypeError` as {@link checkField} does
 */
export function fieldsOf(headers: OutgoingHeaders): HeaderField[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    elementsOf(value).map((element): HeaderField => {
      checkField(name, element);
      return [name, element];
    }),
  );
}

function elementsOf(value: OutgoingHeaders[string]): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
}

/**
 * Refuses what would break a head apart: a name that is not a token, a value with CR, LF, another control character or
 * a character above U+00FF.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_NAME` or `WS_ERR_ILLEGAL_HEADER_VALUE`
 */
export function checkField(name: string, value: string): void {
  if (!isToken(name)) throw handshakeError('ILLEGAL_HEADER_NAME', name);
  if (!isFieldValue(value)) throw handshakeError('ILLEGAL_HEADER_VALUE', name);
}
