// The URL of a WebSocket (RFC 6455 §3), and the parts of it that the request needs.
import { unescape } from 'node:querystring';
import { URL } from 'node:url';

/** The parts of a URL. */
export interface Address {
  /** The normalized URL. `http:` and `https:` are replaced by `ws:` and `wss:`. */
  readonly url: URL;
  readonly secure: boolean;
  /** The path of a Unix socket or Windows pipe; undefined for TCP. */
  readonly socketPath: string | undefined;
  /** The host without the brackets of an IPv6 address. */
  readonly host: string;
  /**
   * The port, or the default one if the URL names none. A port that the URL names is text, because `http.request()` would use 80 or 443
   * instead of the number 0.
   */
  readonly port: number | string;
  /** The default port of the scheme. */
  readonly defaultPort: number;
  /** The path and query. */
  readonly target: string;
  /** The percent-decoded user info for Basic authentication: `user:password`; undefined for none. */
  readonly auth: string | undefined;
}

/**
 * Parses an address. Does not change a `URL` object.
 *
 * @throws `SyntaxError` for an invalid URL, a scheme other than `ws:`, `wss:`, `http:`, `https:` and `ws+unix:`, a fragment (§3:
 *   "Fragment identifiers are meaningless [...] and MUST NOT be used"), or a `ws+unix:` URL without a socket
 */
export function parseAddress(address: string | URL): Address {
  const url = toWebSocketScheme(parseUrl(address));
  const isIpc = url.protocol === 'ws+unix:';
  const secure = url.protocol === 'wss:';
  if (!isIpc && !secure && url.protocol !== 'ws:') {
    throw new SyntaxError(
      `The URL's protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"`,
    );
  }
  const { socketPath, target } = splitPath(url.pathname + url.search, isIpc);
  if (isIpc && !socketPath) throw new SyntaxError("The URL's pathname is empty");
  if (url.hash !== '') throw new SyntaxError('The URL contains a fragment identifier');
  const defaultPort = secure ? 443 : 80;
  return {
    url,
    secure,
    socketPath,
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? defaultPort : url.port,
    defaultPort,
    target,
    auth: url.username === '' && url.password === '' ? undefined : userInfo(url),
  };
}

/** Returns the destination of confidential headers: a host with its port, or a socket. */
export function authorityOf({ socketPath, url }: Address): string {
  return socketPath === undefined ? url.host : `unix:${socketPath}`;
}

function parseUrl(address: string | URL): URL {
  try {
    // Also parse a `URL` again: in a test environment it may be an instance of another class.
    return new URL(address);
  } catch {
    throw new SyntaxError(`Invalid URL: ${String(address)}`);
  }
}

/** Returns the URL with the WebSocket scheme that corresponds to its HTTP scheme. */
export function toWebSocketScheme(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return url;
  const copy = new URL(url);
  copy.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  return copy;
}

/**
 * In `/path/to.sock:/path?query`, the path of the socket ends at the first colon. It is percent-encoded like every URL, so `%3A` stands
 * for a colon in it.
 */
function splitPath(path: string, isIpc: boolean): Pick<Address, 'socketPath' | 'target'> {
  if (!isIpc) return { socketPath: undefined, target: path };
  const colon = path.indexOf(':');
  const end = colon === -1 ? path.length : colon;
  return { socketPath: unescape(path.slice(0, end)), target: path.slice(end + 1) };
}

function userInfo({ username, password }: URL): string {
  return `${unescape(username)}:${unescape(password)}`;
}
