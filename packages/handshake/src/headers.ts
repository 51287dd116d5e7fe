// Header fields as programs hold them: the records that come in and go out, and the ordered list of a raw head.
import { isFieldValue, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/**
 * Received headers in the shape of `http.IncomingMessage.headers`: lower-case names, repeated fields joined. Requests that
 * a program makes by hand, such as to test a server without a socket, have numbers too.
 */
export type IncomingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * Headers to send, in the shape that `http.request` takes; `undefined` leaves a header out. A value of another type, in a program
 * without types, is sent as its text, as `http.request` does it.
 */
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
 * The fields of a list of names and values in turn, such as `rawHeaders` of an `http.IncomingMessage`: with the spelling and the
 * order of the sender, for a head that is passed on.
 */
export function headerFields(rawHeaders: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.push([rawHeaders[i] as string, rawHeaders[i + 1] as string]);
  }
  return fields;
}

/**
 * The fields to send for a record of headers, one for each element of a list, after checking each.
 *
 * @throws `TypeError` as {@link checkField} does
 */
export function fieldsOf(headers: OutgoingHeaders): HeaderField[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    elementsOf(value).map((element): HeaderField => {
      const text = headerText(name, element);
      checkField(name, text);
      return [name, text];
    }),
  );
}

function elementsOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * The text that `http.request` sends for a value: of a `Date`, a `URL` or a `Buffer` that of the object.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_VALUE` for what has no text
 */
export function headerText(name: string, value: unknown): string {
  if (value === undefined || typeof value === 'symbol') throw handshakeError('ILLEGAL_HEADER_VALUE', name);
  try {
    // Whatever text an object has is what `http.request` sends.
    // eslint-disable-next-line @typescript-eslint/no-base-to-string
    return String(value);
  } catch {
    throw handshakeError('ILLEGAL_HEADER_VALUE', name);
  }
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
