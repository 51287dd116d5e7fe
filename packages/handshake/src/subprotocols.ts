// Sec-WebSocket-Protocol: the subprotocols that a client requests, and the one that a server chooses (RFC 6455 §1.9, §11.3.4).
import { FieldReader, isToken } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';

/**
 * Reads the value of a request's `Sec-WebSocket-Protocol` header.
 *
 * @returns the names in the client's order of preference
 * @throws `SyntaxError` with the code `WS_ERR_UNEXPECTED_CHARACTER`, `WS_ERR_UNEXPECTED_END` or, because "all values MUST be unique"
 * (RFC 6455 §4.1), `WS_ERR_REPEATED_SUBPROTOCOL`
 */
export function parseSubprotocols(header: string): Set<string> {
  const reader = new FieldReader(header);
  const names = new Set<string>();
  do {
    const name = reader.token();
    if (names.has(name)) throw handshakeError('REPEATED_SUBPROTOCOL', name);
    names.add(name);
  } while (reader.delimiter(',') !== '');
  return names;
}

/**
 * Writes the value of a request's `Sec-WebSocket-Protocol` header.
 *
 * @returns '' for no names: omit the header then
 * @throws `SyntaxError` with the code `WS_ERR_ILLEGAL_SUBPROTOCOL` for a name that is not a token or occurs twice
 */
export function formatSubprotocols(names: readonly string[]): string {
  if (new Set(names).size !== names.length || !names.every(isName)) {
    throw handshakeError('ILLEGAL_SUBPROTOCOL');
  }
  return names.join(',');
}

// Names often come from configuration that is not type-checked.
function isName(name: unknown): boolean {
  return typeof name === 'string' && isToken(name);
}

/**
 * Returns the first requested subprotocol that the server supports (RFC 6455 §4.2.2).
 *
 * @returns `undefined` if there is none: the server may then open the connection without a subprotocol, or reject it
 */
export function chooseSubprotocol(
  requested: Iterable<string>,
  supported: Iterable<string>,
): string | undefined {
  const known = new Set(supported);
  for (const name of requested) if (known.has(name)) return name;
  return undefined;
}
