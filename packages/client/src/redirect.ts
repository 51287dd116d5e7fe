// Redirects of the opening handshake (RFC 6455 §4.1, RFC 9110 §15.4): which ones to follow, and which headers to send.
import type { OutgoingHttpHeaders } from 'node:http';
import { authorityOf, type Address } from './address.ts';

/** The statuses of redirects. */
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/** Whether a response is a redirect. An empty location is not one. */
export function isRedirect(status: number | undefined, location: string | undefined): location is string {
  return Boolean(location) && REDIRECTS.has(status);
}

/**
 * Rejects a redirect from the network to a local socket. It would let a remote server send requests to services that it cannot reach.
 *
 * @throws `Error` if `next` is a Unix socket or pipe and `from` is not
 */
export function requireReachable(from: Address, next: Address): void {
  if (next.socketPath !== undefined && from.socketPath === undefined) {
    throw new Error('A redirect from the network to a local socket is not followed');
  }
}

/** Whether `next` may receive secrets for `first`: it has the same host and port, or the same socket, and is not a downgrade from TLS. */
export function isTrusted(first: Address, next: Address): boolean {
  return authorityOf(first) === authorityOf(next) && (next.secure || !first.secure);
}

/**
 * Returns the headers of a redirected request. Omits `Host` if the host, port or socket changes. Omits confidential headers in the same
 * case, and after a downgrade from TLS.
 *
 * @param headers those of the first request, with lower-case names
 */
export function redirectedHeaders(
  headers: OutgoingHttpHeaders,
  first: Address,
  next: Address,
): OutgoingHttpHeaders {
  const { authorization, cookie, host, ...others } = headers;
  return {
    ...others,
    ...(authorityOf(first) === authorityOf(next) && { host }),
    ...(isTrusted(first, next) && { authorization, cookie }),
  };
}

/** Returns headers with lower-case names. */
export function lowerCaseNames(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
