// A rejected upgrade: status, headers and a short body as data, and the response for them (RFC 6455 §4.2.2).
import {
  HANDSHAKE_ERRORS,
  handshakeError,
  type HandshakeErrorCode,
  type RefusalRule,
} from './handshake-error.ts';
import { equalsIgnoringCase } from './grammar.ts';
import { fieldsOf, type HeaderField, type OutgoingHeaders } from './headers.ts';
import { formatHead } from './http-head.ts';
import { reasonPhrase } from './status.ts';

/** The answer of a server to an upgrade that it rejects. The server ends the connection after it. */
export interface Refusal {
  /** The rule that was broken; `undefined` for a refusal by the application. */
  readonly code: HandshakeErrorCode | undefined;
  /** The HTTP status. */
  readonly status: number;
  /** The body, a line of text. It is escaped if the body is HTML, which is the default. */
  readonly message: string;
  /** Headers in addition to `Connection: close`, `Content-Type: text/html` and `Content-Length`. */
  readonly headers: OutgoingHeaders;
}

/** "[...] an appropriate HTTP error code [...] and a |Sec-WebSocket-Version| header" (RFC 6455 §4.4). */
const SUPPORTED_VERSIONS = { 'Sec-WebSocket-Version': '13, 8' };

/** Returns the refusal for a rule of the table. */
export function refusalOf(rule: RefusalRule): Refusal {
  const { code, status, message } = HANDSHAKE_ERRORS[rule];
  return { code, status, message, headers: rule === 'INVALID_VERSION' ? SUPPORTED_VERSIONS : {} };
}

/**
 * Creates a refusal by the application, for example for an unknown path, a failed authentication, or a server that is closing.
 *
 * @param status - from 200 to 999
 * @param message - the body; default: the reason phrase of the status. {@link formatRefusal} escapes it, because it may repeat what the
 * client sent. If the headers include a `Content-Type`, it is sent unchanged
 * @param headers - more headers, or replacements of the default ones; `Content-Length` is always that of the body
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_STATUS`, `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_NAME` or
 * `WS_ERR_ILLEGAL_HEADER_VALUE`
 * @example
 * socket.end(formatRefusal(createRefusal(401, 'Who are you?', { 'WWW-Authenticate': 'Basic' })));
 */
export function createRefusal(status: number, message?: string, headers?: OutgoingHeaders | null): Refusal {
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw handshakeError('ILLEGAL_STATUS', status);
  }
  fieldsOf(headers ?? {});
  return { code: undefined, status, message: message || reasonPhrase(status), headers: headers ?? {} };
}

/** The mark of an `UpgradeRefusal`, the same in every copy of this package. */
const mark = Symbol.for('framewire.UpgradeRefusal');

/**
 * A refusal that an application throws, or returns from an authentication hook.
 *
 * @example
 * if (user === undefined) throw new UpgradeRefusal(401, { headers: { 'WWW-Authenticate': 'Bearer' } });
 */
export class UpgradeRefusal extends Error implements Refusal {
  override readonly name = 'UpgradeRefusal';
  readonly code = undefined;
  readonly status: number;
  readonly headers: OutgoingHeaders;

  /**
   * @param status - from 200 to 999
   * @param options - `body` and `headers` correspond to `message` and `headers` of {@link createRefusal}
   * @throws like {@link createRefusal}
   */
  constructor(
    status: number,
    { headers, body }: { headers?: OutgoingHeaders | undefined; body?: string | undefined } = {},
  ) {
    const refusal = createRefusal(status, body, headers);
    super(refusal.message);
    this.status = status;
    this.headers = refusal.headers;
  }

  /** @internal Only its presence matters. */
  [mark](): void {
    // A method, because `console.log()` would show a field.
  }
}

const REFUSAL_KEYS = ['code', 'status', 'message', 'headers'];

/**
 * Whether a value is a refusal, from any copy of this package. A refusal is an {@link UpgradeRefusal}, or an object with exactly the
 * properties that {@link createRefusal} returns. An error of an HTTP client may have these and others: its headers and message must not
 * reach the peer.
 */
export function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== 'object' || value === null) return false;
  if (mark in value) return true;
  const keys = Object.getOwnPropertyNames(value);
  return keys.length === REFUSAL_KEYS.length && REFUSAL_KEYS.every((key) => keys.includes(key));
}

/**
 * Writes the response of a refusal as bytes: the head in Latin-1, the body in UTF-8. The caller must end the connection after it,
 * because a client's bytes after a rejected upgrade must never be interpreted.
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_HEADER_NAME` or `WS_ERR_ILLEGAL_HEADER_VALUE` for the headers of a refusal that
 * {@link createRefusal} did not create
 */
export function formatRefusal({ status, message, headers }: Refusal): Uint8Array {
  const own = fieldsOf(headers).filter(([name]) => !FRAMING.has(name.toLowerCase()));
  const isTyped = own.some(([name]) => equalsIgnoringCase(name, 'content-type'));
  const body = new TextEncoder().encode(isTyped ? message : escapeHtml(message));
  const head = formatHead([
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    ...inPlaceOf([...DEFAULTS, ['Content-Length', String(body.length)]], own).map(
      ([name, value]) => `${name}: ${value}`,
    ),
  ]);
  const response = new Uint8Array(head.length + body.length);
  response.set(head);
  response.set(body, head.length);
  return response;
}

/** Escapes a text as the content of an HTML element. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const DEFAULTS: readonly HeaderField[] = [
  ['Connection', 'close'],
  ['Content-Type', 'text/html'],
];

/** Replaces each default by the fields of the same name, and appends the others. */
function inPlaceOf(defaults: readonly HeaderField[], own: readonly HeaderField[]): HeaderField[] {
  const sameName = (one: HeaderField) => (other: HeaderField) =>
    equalsIgnoringCase(one[0], other[0].toLowerCase());
  const chosen = defaults.flatMap((field) => {
    const replacing = own.filter(sameName(field));
    return replacing.length > 0 ? replacing : [field];
  });
  return [...chosen, ...own.filter((field) => !defaults.some(sameName(field)))];
}

/** Fields that determine where the body ends. The caller cannot set them. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/** Creates an error with the message of a refusal, and with its code if there is one. */
export function refusalError({ code, message }: Refusal): Error & { readonly code?: HandshakeErrorCode } {
  const error = new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
