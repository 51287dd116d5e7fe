// Redirects of the opening handshake (RFC 6455 §4.1, RFC 9110 §15.4): which are followed, and what goes along.
import type { OutgoingHttpHeaders } from 'node:http';
import { authorityOf, type Address } from './address.ts';

/** The statuses that mean "ask again there". */
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/** Whether a response sends the client elsewhere; an empty location leads nowhere. */
export function isRedirect(status: number | undefined, location: string | undefined): location is string {
  return Boolean(location) && REDIRECTS.has(status);
}

/**
 * Refuses a redirect from the network to a socket of this machine: there a remote server could have requests made that it cannot
 * make itself.
 *
 * @throws `Error` when `next` is a Unix socket or pipe and `from` is not
 */
export function requireReachable(from: Address, next: Address): void {
  if (next.socketPath !== undefined && from.socketPath === undefined) {
    throw new Error('A redirect from the network to a local socket is not followed');
  }
}

/** Whether a place may know what was meant for the first: it is the same host or socket, and TLS has not been left. */
export function isTrusted(first: Address, next: Address): boolean {
  return authorityOf(first) === authorityOf(next) && (next.secure || !first.secure);
}

/**
 * The headers for the request behind a redirect. Confidential ones are for the place that they were given for: they stay
 * behind when the host or socket is another one, or when TLS is left; `Host` when the host is another one.
 *
 * @param headers those of the first request, with names in lower case
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

/** The headers with their names in lower case. */
export function lowerCaseNames(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
