// The response of the opening handshake: a server builds it (RFC 6455 §4.2.2; refusals are in refusal.ts), a client
// checks it (§4.1).
import { formatExtensions, parseExtensions, type Extension } from './extensions.ts';
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
  /** The chosen subprotocol; none by default, and with ''. */
  readonly protocol?: string | undefined;
  /** The extensions in use, as a list or as the header's value; none by default, and with ''. */
  readonly extensions?: string | readonly Extension[] | undefined;
  /** More headers, behind those of the handshake; none by default. */
  readonly headers?: OutgoingHeaders | undefined;
}

/**
 * The lines of the response that opens the connection (RFC 6455 §4.2.2, item 5). Lines may be added before
 * {@link formatHead} makes the response of them.
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

/** What is looked at of a response; an `http.IncomingMessage` fits. */
export interface IncomingUpgradeResponse {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHeaders;
}

/** What the client sent, and so what it expects. */
export interface ResponseExpectation extends CheckOptions {
  /** The key of the request. */
  readonly key: string;
  /** The subprotocols that were asked for; none by default. */
  readonly subprotocols?: readonly string[] | ReadonlySet<string> | undefined;
  /**
   * Whether the server must choose one of them, if there are any: `true` by default, as for `ws` and browsers. RFC 6455
   * §4.2.2 leaves it to the server, so the result of {@link checkUpgradeRequest} says `false`.
   */
  readonly subprotocolRequired?: boolean | undefined;
  /** The extensions that were offered, by their names, as a list or as the header's value; none by default. */
  readonly extensions?: string | readonly (string | Extension)[] | undefined;
}

/** A response that opens the connection, or why the client fails it. */
export type UpgradeResponseCheck =
  | {
      readonly ok: true;
      /** The chosen subprotocol, '' for none. */
      readonly protocol: string;
      /** The extensions in use, in the server's order; their parameters are not judged here. */
      readonly extensions: readonly Extension[];
    }
  | { readonly ok: false; readonly error: HandshakeError };

/**
 * Checks the response to an upgrade request (RFC 6455 §4.1). In this order, the first breach being the answer:
 *
 * | must hold | else |
 * |---|---|
 * | the status is 101 | `WS_ERR_UNEXPECTED_RESPONSE` |
 * | `Upgrade` is `websocket`, in any case | `WS_ERR_INVALID_UPGRADE` |
 * | strict: `Connection` has the token `upgrade` | `WS_ERR_INVALID_CONNECTION` |
 * | `Sec-WebSocket-Accept` is the answer to the key | `WS_ERR_INVALID_ACCEPT` |
 * | strict: no `Transfer-Encoding`, no `Content-Length` but 0 | `WS_ERR_UNEXPECTED_BODY` |
 * | no subprotocol was chosen if none was requested | `WS_ERR_UNREQUESTED_SUBPROTOCOL` |
 * | the chosen subprotocol is a requested one | `WS_ERR_INVALID_SUBPROTOCOL` |
 * | one was chosen if any were requested (and `subprotocolRequired`) | `WS_ERR_MISSING_SUBPROTOCOL` |
 * | no extension is named if none was offered | `WS_ERR_UNREQUESTED_EXTENSIONS` |
 * | `Sec-WebSocket-Extensions` follows its grammar and names none twice | `WS_ERR_INVALID_EXTENSIONS` |
 * | each extension is an offered one | `WS_ERR_UNREQUESTED_EXTENSION` |
 *
 * An empty `Sec-WebSocket-Protocol` "is not a legal value" (§4.2.2) but indicates no subprotocol, which is all that a client
 * must fail for: it counts as none.
 *
 * @param expectation what the client sent; a proxy passes the result of {@link checkUpgradeRequest}
 * @returns a union told apart by `ok`
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY` for a key that was never sent; nothing because of the response
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

/** The extensions of the response, or the rule that they break. */
function checkExtensions(
  value: string | undefined,
  offers: ResponseExpectation['extensions'] = [],
): readonly Extension[] | HandshakeRule {
  if (value === undefined) return [];
  const offered = namesOf(typeof offers === 'string' ? (parsed(offers) ?? []) : offers);
  if (offered.size === 0) return 'UNREQUESTED_EXTENSIONS';
  const extensions = parsed(value);
  if (extensions === undefined) return 'INVALID_EXTENSIONS';
  const names = namesOf(extensions);
  if ([...names].some((name) => !offered.has(name))) return 'UNREQUESTED_EXTENSION';
  return names.size < extensions.length ? 'INVALID_EXTENSIONS' : extensions;
}

function namesOf(extensions: readonly (string | Extension)[]): ReadonlySet<string> {
  return new Set(extensions.map((extension) => (typeof extension === 'string' ? extension : extension.name)));
}

/** The extensions of a header, `undefined` for one that is malformed. */
function parsed(header: string): Extension[] | undefined {
  try {
    return parseExtensions(header);
  } catch {
    return undefined;
  }
}
