// Where to connect: the URL of a WebSocket (RFC 6455 §3) and what it means for the request.
import { unescape } from 'node:querystring';
import { URL } from 'node:url';

/** What a URL says. */
export interface Address {
  /** The URL in its normal form, with a scheme of its own: `http:` and `https:` have become `ws:` and `wss:`. */
  readonly url: URL;
  readonly secure: boolean;
  /** The path of a Unix socket or Windows pipe; undefined for TCP. */
  readonly socketPath: string | undefined;
  /** The host without the brackets of an IPv6 address. */
  readonly host: string;
  /**
   * The port; the scheme's own where the URL names none. A port that the URL names stays text: `http.request()` takes the number
   * 0 for no port at all, and would connect to 80 or 443 instead.
   */
  readonly port: number | string;
  /** The port of the scheme. */
  readonly defaultPort: number;
  /** Path and query. */
  readonly target: string;
  /** The user info, percent-decoded, as Basic authentication wants it: `user:password`; undefined for none. */
  readonly auth: string | undefined;
}

/**
 * Reads an address. A `URL` object is not changed.
 *
 * @throws `SyntaxError` for what is no URL, has another scheme than `ws:`, `wss:`, `http:`, `https:` and `ws+unix:`, has a
 *   fragment (§3: "Fragment identifiers are meaningless [...] and MUST NOT be used"), or names no socket where it has to
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

/** The place that confidential headers are meant for: a host with its port, or a socket. */
export function authorityOf({ socketPath, url }: Address): string {
  return socketPath === undefined ? url.host : `unix:${socketPath}`;
}

function parseUrl(address: string | URL): URL {
  try {
    // Also of a `URL`, which may be one of another realm: a test environment has a class of its own.
    return new URL(address);
  } catch {
    throw new SyntaxError(`Invalid URL: ${String(address)}`);
  }
}

/** The URL with a scheme of its own where it has that of HTTP. */
export function toWebSocketScheme(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return url;
  const copy = new URL(url);
  copy.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  return copy;
}

/**
 * `/path/to.sock:/path?query` has the path of the socket before the first colon. A URL percent-encodes spaces and non-ASCII
 * letters, the file system does not; so `%3A` is a colon of the socket's path.
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
