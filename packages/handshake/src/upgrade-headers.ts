// What both sides check in the headers of an upgrade (RFC 6455 §4.1, §4.2.1).
import { equalsIgnoringCase, listHas } from './grammar.ts';
import { valueOf, type IncomingHeaders } from './headers.ts';

/** How far a check goes. */
export interface CheckOptions {
  /**
   * Whether to check also what an HTTP implementation like `node:http` has seen to before it tells of an upgrade: that
   * the HTTP version is 1.1, `Connection` has `upgrade`, a request has one legal `Host`, and there is no body. `true` by
   * default, and needed for a head from `HeadParser`; with `false` the answers are those of `ws`.
   */
  readonly strict?: boolean | undefined;
}

/** Whether `Upgrade` is `websocket` alone. */
export function namesWebSocket(headers: IncomingHeaders): boolean {
  return equalsIgnoringCase(valueOf(headers, 'upgrade') ?? '', 'websocket');
}

/** Whether `Connection` has the token `upgrade`. */
export function connectionUpgrades(headers: IncomingHeaders): boolean {
  return listHas(valueOf(headers, 'connection') ?? '', 'upgrade');
}

/** Whether a body is announced, which some hop would take for the first bytes of the new protocol or the reverse. */
export function announcesBody(headers: IncomingHeaders): boolean {
  const length = valueOf(headers, 'content-length');
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
