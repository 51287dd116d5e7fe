// Checks of the headers of an upgrade that both sides make (RFC 6455 §4.1, §4.2.1).
import { equalsIgnoringCase, listHas } from './grammar.ts';
import { valueOf, type IncomingHeaders } from './headers.ts';

/** Options of the checks. */
export interface CheckOptions {
  /**
   * Whether to also check what an HTTP implementation such as `node:http` has already checked: HTTP version 1.1, `upgrade` in
   * `Connection`, one legal `Host` in a request, and no body. Default `true`, which a head from `HeadParser` needs. With `false`, the
   * answers are those of `ws`.
   */
  readonly strict?: boolean | undefined;
}

/** Whether `Upgrade` is exactly `websocket`. */
export function namesWebSocket(headers: IncomingHeaders): boolean {
  return equalsIgnoringCase(valueOf(headers, 'upgrade') ?? '', 'websocket');
}

/** Whether `Connection` has the token `upgrade`. */
export function connectionUpgrades(headers: IncomingHeaders): boolean {
  return listHas(valueOf(headers, 'connection') ?? '', 'upgrade');
}

/** Whether the headers announce a body. A hop could confuse it with the first bytes of the new protocol. */
export function announcesBody(headers: IncomingHeaders): boolean {
  const length = valueOf(headers, 'content-length');
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
