// Header fields: records of received and sent headers, and the ordered list of a raw head.
import { isFieldValue, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/**
 * Received headers in the shape of `http.IncomingMessage.headers`: lower-case names, repeated fields joined. Numbers are allowed
 * because tests pass requests that did not come from a socket.
 */
export type IncomingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * Headers to send, in the shape of `http.request`. `undefined` omits a header. A value of another type is converted to text, as in
 * `http.request`.
 */
export type OutgoingHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One field of a raw head: the name as spelled, and the value without surrounding space. */
export type HeaderField = readonly [name: string, value: string];

/** Returns the value of a received header. Repeated fields are joined with commas (RFC 9110 §5.2). */
export function valueOf(headers: IncomingHeaders, lowerCaseName: string): string | undefined {
  const value = headers[lowerCaseName];
  if (typeof value === 'object') return value.join(', ');
  return value === undefined ? undefined : String(value);
}

/**
 * Converts the headers of a raw head to the record that {@link checkUpgradeRequest} and {@link checkUpgradeResponse} take. Names are in
 * lower case. Values of the same name are joined with a comma (`cookie`: a semicolon; `set-cookie`: a list). The record has no
 * prototype, so `constructor` and `__proto__` are ordinary names.
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
 * Returns the fields of a list that alternates names and values, such as `rawHeaders` of an `http.IncomingMessage`. The spelling and
 * order are those of the sender.
 */
export function headerFields(rawHeaders: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.push([rawHeaders[i] as string, rawHeaders[i + 1] as string]);
  }
  return fields;
}

/**
 * Checks a record of headers, and returns the fields to send: one for each element of a list.
 *
 * @throws `TypeError` like {@link checkField}
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
 * Returns the text that `http.request` sends for a value, for example for a `Date`, a `URL` or a `Buffer`.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_VALUE` for a value that cannot be converted
 */
export function headerText(name: string, value: unknown): string {
  if (value === undefined || typeof value === 'symbol') throw handshakeError('ILLEGAL_HEADER_VALUE', name);
  try {
    // `http.request` also sends the default text of an object.
    // eslint-disable-next-line @typescript-eslint/no-base-to-string
    return String(value);
  } catch {
    throw handshakeError('ILLEGAL_HEADER_VALUE', name);
  }
}

/**
 * Rejects fields that would break a head. The name must be a token. The value must not contain CR, LF, another control character, or a
 * character above U+00FF.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_NAME` or `WS_ERR_ILLEGAL_HEADER_VALUE`
 */
export function checkField(name: string, value: string): void {
  if (!isToken(name)) throw handshakeError('ILLEGAL_HEADER_NAME', name);
  if (!isFieldValue(value)) throw handshakeError('ILLEGAL_HEADER_VALUE', name);
}
