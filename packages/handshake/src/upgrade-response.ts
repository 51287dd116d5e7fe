// The response of the opening handshake: a server creates it (RFC 6455 §4.2.2; refusals are in refusal.ts), a client checks it (§4.1).
import { formatExtensions, parseExtensions, type ExtensionElement } from './extensions.ts';
import { isToken } from './grammar.ts';
import { handshakeError, type HandshakeError, type HandshakeRule } from './handshake-error.ts';
import { checkField, fieldsOf, valueOf, type IncomingHeaders, type OutgoingHeaders } from './headers.ts';
import { acceptValue } from './key.ts';
import { announcesBody, connectionUpgrades, namesWebSocket, type CheckOptions } from './upgrade-headers.ts';

const SWITCHING_PROTOCOLS = 101;

/** What a server puts into the response that opens the connection. */
export interface AcceptOptions {
  /** The key of the request. */
  readonly key: string;
  /** The chosen subprotocol. Default and '': none. */
  readonly protocol?: string | undefined;
  /** The accepted extensions, as a list or as the value of the header. Default and '': none. */
  readonly extensions?: string | readonly ExtensionElement[] | undefined;
  /** More headers, after those of the handshake. Default: none. */
  readonly headers?: OutgoingHeaders | undefined;
}

/**
 * Returns the lines of the response that opens the connection (RFC 6455 §4.2.2, item 5). The caller may add lines before it passes them
 * to {@link formatHead}.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY`, `WS_ERR_ILLEGAL_EXTENSION`, `WS_ERR_ILLEGAL_HEADER_NAME` or
 * `WS_ERR_ILLEGAL_HEADER_VALUE`; `SyntaxError` with the code `WS_ERR_ILLEGAL_SUBPROTOCOL` for one that is not a token
 */
export function acceptUpgrade({ key, protocol = '', extensions = '', headers }: AcceptOptions): string[] {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptValue(key)}`,
  ];
  if (protocol !== '') {
    if (!isToken(protocol)) throw handshakeError('ILLEGAL_SUBPROTOCOL');
    lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  }
  const accepted = typeof extensions === 'string' ? extensions : formatExtensions(extensions);
  if (accepted !== '') {
    checkField('Sec-WebSocket-Extensions', accepted);
    lines.push(`Sec-WebSocket-Extensions: ${accepted}`);
  }
  if (headers !== undefined) lines.push(...fieldsOf(headers).map(([name, value]) => `${name}: ${value}`));
  return lines;
}

/** The checked parts of a response. An `http.IncomingMessage` fits. */
export interface IncomingUpgradeResponse {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHeaders;
}

/** What the client sent, which the response must match. */
export interface ResponseExpectation extends CheckOptions {
  /** The key of the request. */
  readonly key: string;
  /** The requested subprotocols. Default: none. */
  readonly subprotocols?: readonly string[] | ReadonlySet<string> | undefined;
  /**
   * Whether the server must choose one of them, if there are any. Default `true`, as in `ws` and browsers. RFC 6455 §4.2.2 lets a server
   * choose none, so {@link checkUpgradeRequest} returns `false`.
   */
  readonly subprotocolRequired?: boolean | undefined;
  /** The offered extensions: their names, the list, or the value of the header. Default: none. */
  readonly extensions?: string | readonly (string | ExtensionElement)[] | undefined;
}

/** A response that opens the connection, or the reason for failing it. */
export type UpgradeResponseCheck =
  | {
      readonly ok: true;
      /** The chosen subprotocol, '' for none. */
      readonly protocol: string;
      /** The accepted extensions, in the server's order. Their parameters are not checked. */
      readonly extensions: readonly ExtensionElement[];
    }
  | { readonly ok: false; readonly error: HandshakeError };

/**
 * Checks the response to an upgrade request (RFC 6455 §4.1) in this order. The first broken rule determines the error.
 *
 * | rule | error |
 * |---|---|
 * | the status is 101 | `WS_ERR_UNEXPECTED_RESPONSE` |
 * | `Upgrade` is `websocket`, in any case | `WS_ERR_INVALID_UPGRADE` |
 * | strict: `Connection` has the token `upgrade` | `WS_ERR_INVALID_CONNECTION` |
 * | `Sec-WebSocket-Accept` matches the key | `WS_ERR_INVALID_ACCEPT` |
 * | strict: no `Transfer-Encoding`, no `Content-Length` except 0 | `WS_ERR_UNEXPECTED_BODY` |
 * | no subprotocol if none was requested | `WS_ERR_UNREQUESTED_SUBPROTOCOL` |
 * | the chosen subprotocol was requested | `WS_ERR_INVALID_SUBPROTOCOL` |
 * | a subprotocol if any were requested (and `subprotocolRequired`) | `WS_ERR_MISSING_SUBPROTOCOL` |
 * | no extension if none was offered | `WS_ERR_UNREQUESTED_EXTENSIONS` |
 * | `Sec-WebSocket-Extensions` is well formed, without repeated names | `WS_ERR_INVALID_EXTENSIONS` |
 * | each extension was offered | `WS_ERR_UNREQUESTED_EXTENSION` |
 *
 * An empty `Sec-WebSocket-Protocol` counts as none, although it "is not a legal value" (§4.2.2).
 *
 * @param expectation what the client sent; a proxy passes the result of {@link checkUpgradeRequest}
 * @returns a union with the discriminant `ok`
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY` for an invalid key; never because of the response
 */
export function checkUpgradeResponse(
  response: IncomingUpgradeResponse,
  expectation: ResponseExpectation,
): UpgradeResponseCheck {
  const { statusCode, headers } = response;
  const strict = expectation.strict !== false;
  if (statusCode !== SWITCHING_PROTOCOLS) return failed('UNEXPECTED_RESPONSE', statusCode);
  if (!namesWebSocket(headers)) return failed('INVALID_UPGRADE');
  if (strict && !connectionUpgrades(headers)) return failed('INVALID_CONNECTION');
  if (valueOf(headers, 'sec-websocket-accept') !== acceptValue(expectation.key))
    return failed('INVALID_ACCEPT');
  if (strict && announcesBody(headers)) return failed('UNEXPECTED_BODY');
  const protocol = valueOf(headers, 'sec-websocket-protocol') ?? '';
  const subprotocolBreach = checkSubprotocol(protocol, expectation);
  if (subprotocolBreach !== undefined) return failed(subprotocolBreach);
  const extensions = checkExtensions(valueOf(headers, 'sec-websocket-extensions'), expectation.extensions);
  if (typeof extensions === 'string') return failed(extensions);
  return { ok: true, protocol, extensions };
}

function failed(rule: HandshakeRule, detail?: number): UpgradeResponseCheck {
  return { ok: false, error: handshakeError(rule, detail) };
}

function checkSubprotocol(
  chosen: string,
  { subprotocols = [], subprotocolRequired = true }: ResponseExpectation,
): HandshakeRule | undefined {
  const requested = new Set(subprotocols);
  if (chosen === '') {
    return requested.size > 0 && subprotocolRequired ? 'MISSING_SUBPROTOCOL' : undefined;
  }
  if (requested.size === 0) return 'UNREQUESTED_SUBPROTOCOL';
  return requested.has(chosen) ? undefined : 'INVALID_SUBPROTOCOL';
}

/** Returns the extensions of the response, or the rule that they break. */
function checkExtensions(
  value: string | undefined,
  offers: ResponseExpectation['extensions'] = [],
): readonly ExtensionElement[] | HandshakeRule {
  if (value === undefined) return [];
  const offered = namesOf(typeof offers === 'string' ? (parsed(offers) ?? []) : offers);
  if (offered.size === 0) return 'UNREQUESTED_EXTENSIONS';
  const extensions = parsed(value);
  if (extensions === undefined) return 'INVALID_EXTENSIONS';
  const names = namesOf(extensions);
  if ([...names].some((name) => !offered.has(name))) return 'UNREQUESTED_EXTENSION';
  return names.size < extensions.length ? 'INVALID_EXTENSIONS' : extensions;
}

function namesOf(extensions: readonly (string | ExtensionElement)[]): ReadonlySet<string> {
  return new Set(extensions.map((extension) => (typeof extension === 'string' ? extension : extension.name)));
}

/** Parses the extensions of a header. Returns `undefined` if it is malformed. */
function parsed(header: string): ExtensionElement[] | undefined {
  try {
    return parseExtensions(header);
  } catch {
    return undefined;
  }
}
