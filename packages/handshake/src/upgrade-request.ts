// The request of the opening handshake: a client creates it (RFC 6455 §4.1), a server checks it (§4.2.1).
import { formatExtensions, type ExtensionElement } from './extensions.ts';
import { equalsIgnoringCase, isHost } from './grammar.ts';
import { handshakeError } from './handshake-error.ts';
import {
  checkField,
  fieldsOf,
  headerText,
  valueOf,
  type IncomingHeaders,
  type OutgoingHeaders,
} from './headers.ts';
import type { RequestHead } from './http-head.ts';
import { generateKey, isKey } from './key.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import { formatSubprotocols, parseSubprotocols } from './subprotocols.ts';
import { announcesBody, connectionUpgrades, namesWebSocket, type CheckOptions } from './upgrade-headers.ts';

/** The supported protocol versions: 13 is RFC 6455, and 8 is a draft of it with the same frames. */
export type ProtocolVersion = 8 | 13;

/** What a client puts into its request. */
export interface UpgradeRequestOptions {
  /** Default 13. In version 8, the header of the origin is `Sec-WebSocket-Origin`. */
  readonly version?: ProtocolVersion | undefined;
  /** The key. Default: a new random one, which each connection needs. */
  readonly key?: string | undefined;
  /** The requested subprotocols, the preferred one first. Default: none. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The offered extensions, as a list or as the value of the header. Default: none. */
  readonly extensions?: string | readonly ExtensionElement[] | undefined;
  /** The origin of the page that connects. Default: none, for clients other than browsers. */
  readonly origin?: string | undefined;
  /** More headers, which are sent first. The headers of the handshake replace those of the same name, in any spelling. */
  readonly headers?: OutgoingHeaders | undefined;
}

/** The headers of a request, and the key to check the response with. */
export interface UpgradeRequestHeaders {
  /** For `http.request({ headers })`, which adds `Host`. The record has no prototype. */
  readonly headers: Record<string, string | number | string[]>;
  readonly key: string;
}

/**
 * Creates the headers of an upgrade request (RFC 6455 §4.1, items 5 to 12).
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY`, `WS_ERR_ILLEGAL_EXTENSION`, `WS_ERR_ILLEGAL_HEADER_NAME` or
 * `WS_ERR_ILLEGAL_HEADER_VALUE`; `RangeError` with the code `WS_ERR_ILLEGAL_VERSION`; `SyntaxError` with the code
 * `WS_ERR_ILLEGAL_SUBPROTOCOL`
 * @example
 * const { headers, key } = upgradeRequestHeaders({ subprotocols: ['chat'] });
 * http.request({ host: 'example.com', path: '/room', headers });
 */
export function upgradeRequestHeaders(options: UpgradeRequestOptions = {}): UpgradeRequestHeaders {
  const { version = 13, key = generateKey(), subprotocols = [], extensions = '', origin = '' } = options;
  if (!SUPPORTED_VERSIONS.has(version)) throw handshakeError('ILLEGAL_VERSION', version);
  if (!isKey(key)) throw handshakeError('ILLEGAL_KEY');
  const own: Record<string, string> = {
    'Sec-WebSocket-Version': String(version),
    'Sec-WebSocket-Key': key,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
  };
  const optional = [
    ['Sec-WebSocket-Extensions', typeof extensions === 'string' ? extensions : formatExtensions(extensions)],
    ['Sec-WebSocket-Protocol', formatSubprotocols(subprotocols)],
    [version === 8 ? 'Sec-WebSocket-Origin' : 'Origin', origin],
  ] as const;
  for (const [name, value] of optional) {
    checkField(name, value);
    if (value !== '') own[name] = value;
  }
  return { headers: mergeHeaders(options.headers ?? {}, own), key };
}

const SUPPORTED_VERSIONS: ReadonlySet<number> = new Set<ProtocolVersion>([8, 13]);

/** Checks the headers of the caller, and appends those of the handshake, which replace them. */
function mergeHeaders(
  given: OutgoingHeaders,
  own: Readonly<Record<string, string>>,
): Record<string, string | number | string[]> {
  fieldsOf(given);
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const merged = Object.create(null) as Record<string, string | number | string[]>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || taken.has(name.toLowerCase())) continue;
    if (Array.isArray(value)) merged[name] = value.map((element) => headerText(name, element));
    else merged[name] = typeof value === 'number' ? value : headerText(name, value);
  }
  return Object.assign(merged, own);
}

/** The destination of a raw request, in addition to {@link UpgradeRequestOptions}. */
export interface RawUpgradeRequestOptions extends UpgradeRequestOptions {
  /** The value of `Host`: the host, and the port unless it is the default one (RFC 6455 §4.1, item 4). */
  readonly host: string;
  /** The path and query of the URL. Default `/`. */
  readonly target?: string | undefined;
}

/**
 * Creates a complete upgrade request for a transport other than `node:http`. {@link formatRequestHead} converts it to bytes and checks
 * the target.
 *
 * @throws like {@link upgradeRequestHeaders}; `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_VALUE` for the host
 */
export function createUpgradeRequest(
  options: RawUpgradeRequestOptions,
): RequestHead & { readonly key: string } {
  const { host, target = '/' } = options;
  if (!isHost(host)) throw handshakeError('ILLEGAL_HEADER_VALUE', 'Host');
  const { headers, key } = upgradeRequestHeaders(options);
  const others = fieldsOf(headers).filter(([name]) => !equalsIgnoringCase(name, 'host'));
  return { method: 'GET', target, headers: [['Host', host], ...others], key };
}

/** The checked parts of a request. An `http.IncomingMessage` fits. */
export interface IncomingUpgradeRequest {
  readonly method?: string | undefined;
  /** For example `1.1`. Not checked if it is absent. */
  readonly httpVersion?: string | undefined;
  readonly headers: IncomingHeaders;
}

/** A valid upgrade request, or the refusal for an invalid one. */
export type UpgradeRequestCheck =
  | {
      readonly ok: true;
      /** For {@link acceptUpgrade}. */
      readonly key: string;
      readonly version: ProtocolVersion;
      /** The requested subprotocols, the preferred one first. Each check creates a new `Set`. */
      readonly subprotocols: Set<string>;
      /**
       * Always false, because a server may choose none of them (RFC 6455 §4.2.2). So a proxy can pass this result to
       * {@link checkUpgradeResponse}.
       */
      readonly subprotocolRequired: false;
      /** The value of `Sec-WebSocket-Extensions`, not parsed. See {@link parseExtensions}. */
      readonly extensions: string | undefined;
      /** The value of `Origin`, or of `Sec-WebSocket-Origin` in version 8. */
      readonly origin: string | undefined;
    }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Checks an upgrade request (RFC 6455 §4.2.1) in this order. The first broken rule determines the refusal.
 *
 * | rule | refusal |
 * |---|---|
 * | the method is `GET` | 405 |
 * | strict: HTTP 1.1 | 505 |
 * | `Upgrade` is exactly `websocket`, in any case | 400 |
 * | strict: `Connection` has the token `upgrade` | 400 |
 * | `Sec-WebSocket-Key` is 22 base64 characters and `==` | 400 |
 * | `Sec-WebSocket-Version` is 13 or 8 | 400, with the supported versions |
 * | strict: one legal `Host` | 400 |
 * | strict: no `Transfer-Encoding`, no `Content-Length` except 0 | 400 |
 * | `Sec-WebSocket-Protocol`, if present, is a list of different tokens | 400 |
 *
 * @returns a union with the discriminant `ok`. Never throws
 * @example
 * server.on('upgrade', (request, socket) => {
 *   const check = checkUpgradeRequest(request, { strict: false });
 *   if (!check.ok) socket.end(formatRefusal(check.refusal));
 *   else socket.write(formatHead(acceptUpgrade({ key: check.key })));
 * });
 */
export function checkUpgradeRequest(
  request: IncomingUpgradeRequest,
  options: CheckOptions = {},
): UpgradeRequestCheck {
  const { headers } = request;
  const strict = options.strict !== false;
  if (request.method !== 'GET') return refused('INVALID_METHOD');
  if (strict && (request.httpVersion ?? '1.1') !== '1.1') return refused('INVALID_HTTP_VERSION');
  if (!namesWebSocket(headers)) return refused('INVALID_UPGRADE');
  if (strict && !connectionUpgrades(headers)) return refused('INVALID_CONNECTION');
  const key = valueOf(headers, 'sec-websocket-key');
  if (key === undefined || !isKey(key)) return refused('INVALID_KEY');
  const version = versionOf(headers);
  if (version === undefined) return refused('INVALID_VERSION');
  if (strict && !isHost(valueOf(headers, 'host') ?? '')) return refused('INVALID_HOST');
  if (strict && announcesBody(headers)) return refused('UNEXPECTED_BODY');
  const subprotocols = subprotocolsOf(headers);
  if (subprotocols === undefined) return refused('INVALID_SUBPROTOCOL_REQUEST');
  const extensions = valueOf(headers, 'sec-websocket-extensions');
  const origin = valueOf(headers, version === 8 ? 'sec-websocket-origin' : 'origin');
  return { ok: true, key, version, subprotocols, subprotocolRequired: false, extensions, origin };
}

function refused(rule: Parameters<typeof refusalOf>[0]): UpgradeRequestCheck {
  return { ok: false, refusal: refusalOf(rule) };
}

function versionOf(headers: IncomingHeaders): ProtocolVersion | undefined {
  const version = valueOf(headers, 'sec-websocket-version');
  if (version === '13') return 13;
  return version === '8' ? 8 : undefined;
}

function subprotocolsOf(headers: IncomingHeaders): Set<string> | undefined {
  const value = valueOf(headers, 'sec-websocket-protocol');
  if (value === undefined) return new Set();
  try {
    return parseSubprotocols(value);
  } catch {
    return undefined;
  }
}
