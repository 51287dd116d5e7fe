// Sec-WebSocket-Extensions: the header as an ordered list, and back (RFC 6455 §9.1, §11.3.2). What an extension
// makes of its parameters is its own business.
import { FieldReader, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/** One parameter of an extension. A list keeps repeated ones and their order, and no name is special. */
export interface ExtensionParameter {
  readonly name: string;
  /** The value, unescaped; `true` for a parameter without one. */
  readonly value: string | true;
}

/** One element of the header: an extension's name and the parameters with which it is offered or accepted. */
export interface Extension {
  readonly name: string;
  readonly params: readonly ExtensionParameter[];
}

/**
 * Reads the value of a `Sec-WebSocket-Extensions` header. Several headers are one, joined with commas (RFC 6455 §9.1).
 *
 * @returns the extensions in the order of the header; the same name may come again (as another offer)
 * @throws `SyntaxError` with the code `WS_ERR_UNEXPECTED_CHARACTER` or `WS_ERR_UNEXPECTED_END`.
 * @example
 * parseExtensions('permessage-deflate; client_max_window_bits, x-foo; a="1"');
 * // [ { name: 'permessage-deflate', params: [{ name: 'client_max_window_bits', value: true }] },
 * //   { name: 'x-foo', params: [{ name: 'a', value: '1' }] } ]
 */
export function parseExtensions(header: string): Extension[] {
  const reader = new FieldReader(header);
  const extensions: Extension[] = [];
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
 * @returns '' for no extensions: then the header is left out
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_EXTENSION` for a name or value that is not a token
 */
export function formatExtensions(extensions: readonly Extension[]): string {
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
 * The parameter lists of one extension, in order: on a server its offers, of which the first acceptable one is taken;
 * on a client at most one, the response.
 *
 * @returns an empty list when the extension is not among them
 */
export function extensionsNamed(
  extensions: readonly Extension[],
  name: string,
): (readonly ExtensionParameter[])[] {
  return extensions.filter((extension) => extension.name === name).map(({ params }) => params);
}
