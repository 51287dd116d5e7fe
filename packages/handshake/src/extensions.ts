// Sec-WebSocket-Extensions as an ordered list, and back (RFC 6455 §9.1, §11.3.2). Each extension interprets its own parameters.
import { FieldReader, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/** One parameter of an extension. A list keeps repeated parameters and their order. No name is special. */
export interface ExtensionParameter {
  readonly name: string;
  /** The unescaped value; `true` for a parameter without a value. */
  readonly value: string | true;
}

/** One element of the header: the name of an extension, with its offered or accepted parameters. */
export interface ExtensionElement {
  readonly name: string;
  readonly params: readonly ExtensionParameter[];
}

/**
 * Reads the value of a `Sec-WebSocket-Extensions` header. Several headers count as one, joined with commas (RFC 6455 §9.1).
 *
 * @returns the elements in header order; the same name may occur several times, as several offers
 * @throws `SyntaxError` with the code `WS_ERR_UNEXPECTED_CHARACTER` or `WS_ERR_UNEXPECTED_END`
 * @example
 * parseExtensions('permessage-deflate; client_max_window_bits, x-foo; a="1"');
 * // [ { name: 'permessage-deflate', params: [{ name: 'client_max_window_bits', value: true }] },
 * //   { name: 'x-foo', params: [{ name: 'a', value: '1' }] } ]
 */
export function parseExtensions(header: string): ExtensionElement[] {
  const reader = new FieldReader(header);
  const extensions: ExtensionElement[] = [];
  let delimiter: string;
  do {
    const name = reader.token();
    const params: ExtensionParameter[] = [];
    while ((delimiter = reader.delimiter(',;')) === ';') params.push(readParameter(reader));
    extensions.push({ name, params });
  } while (delimiter === ',');
  return extensions;
}

function readParameter(reader: FieldReader): ExtensionParameter {
  const name = reader.token();
  return { name, value: reader.takes('=') ? reader.tokenOrQuotedString() : true };
}

/**
 * Writes the value of a `Sec-WebSocket-Extensions` header; the inverse of {@link parseExtensions}.
 *
 * @returns '' for no extensions: omit the header then
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_EXTENSION` for a name or value that is not a token
 */
export function formatExtensions(extensions: readonly ExtensionElement[]): string {
  return extensions
    .map(({ name, params }) => [checkToken(name), ...params.map(formatParameter)].join('; '))
    .join(', ');
}

function formatParameter({ name, value }: ExtensionParameter): string {
  return value === true ? checkToken(name) : `${checkToken(name)}=${checkToken(value)}`;
}

function checkToken(text: string): string {
  if (!isToken(text)) throw handshakeError('ILLEGAL_EXTENSION');
  return text;
}

/**
 * Returns the parameter lists of one extension, in order. On a server these are the client's offers, and the first acceptable one counts.
 * On a client there is at most one, the response.
 *
 * @returns an empty list if the extension does not occur
 */
export function extensionsNamed(
  extensions: readonly ExtensionElement[],
  name: string,
): (readonly ExtensionParameter[])[] {
  return extensions.filter((extension) => extension.name === name).map(({ params }) => params);
}
