/** Which web pages may open a WebSocket here: only this server's own. */

/**
 * Whether an upgrade comes from a page of this server, or from a client that is not a browser.
 *
 * A browser sends the origin of the page in every handshake (RFC 6455 §10.2). Other clients do not have to, because no page controls
 * them.
 * While the server listens on a loopback address, the Host must be a loopback name too. Otherwise a page under a foreign name that
 * resolves to 127.0.0.1 (DNS rebinding) would count as a page of this server.
 *
 * @param origin The Origin header, or undefined.
 * @param host The Host header.
 * @param listensOn The address the server listens on, as the user gave it.
 */
export function isOwnPage(origin: string | undefined, host: string | undefined, listensOn: string): boolean {
  if (origin === undefined) return true;
  const page = parseUrl(origin);
  const own = parseUrl(`${page?.protocol ?? 'http:'}//${host ?? ''}`);
  if (own === undefined || page?.host !== own.host) return false;
  return !isLoopback(listensOn) || isLoopback(own.hostname);
}

/** Whether a host name or address, with or without brackets, means only this machine. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
