// Checks the origin of a request against a list of serialised origins (RFC 6454 §6.2), or against the request's own host.

/** The origins that may connect. */
export type Origins = ReadonlySet<string> | 'same';

/** The opaque origin, which files, sandboxed frames and `data:` URLs have. */
const OPAQUE = 'null';

/**
 * Reads the list of origins that may connect.
 *
 * @throws `TypeError` for an entry that no browser sends in this form, because it would never match
 */
export function readOrigins(entries: readonly string[] | 'same'): Origins {
  if (entries === 'same') return entries;
  // A JavaScript program may pass a string, which iterates as characters.
  if (typeof entries === 'string') throw new TypeError(`allowedOrigins: "${String(entries)}" is not a list`);
  for (const entry of entries) {
    if (entry === OPAQUE) continue;
    const written = serialise(entry);
    if (written === entry) continue;
    const hint = written === undefined ? '' : `: write "${written}"`;
    throw new TypeError(`allowedOrigins: "${entry}" is not a serialised origin${hint}`);
  }
  return new Set(entries);
}

/** Whether an origin may connect. `host` is the `Host` of the request. */
export function allowsOrigin(origins: Origins, origin: string, host: string | undefined): boolean {
  if (origins !== 'same') return origins.has(origin);
  // Anything beyond a host and a port could change the host of the URL below.
  if (host === undefined || /[\s/?#@\\]/.test(host) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Use the page's scheme, because TLS may end at a proxy. The URL then omits the scheme's default port.
  const own = `${page.protocol}//${host}`;
  return page.host !== '' && URL.canParse(own) && new URL(own).host === page.host;
}

/** The origin of a URL as a browser serialises it. Undefined if it has none, or none that a page can have. */
function serialise(entry: string): string | undefined {
  if (!entry.includes('://') || entry.includes('*') || !URL.canParse(entry)) return undefined;
  // An entry with the scheme of a WebSocket URL probably means the page on the same host.
  const url = new URL(entry.replace(/^ws/i, 'http'));
  // In the URL standard, other schemes have an opaque origin. But pages of browser extensions and apps send scheme and host.
  return url.origin === OPAQUE ? `${url.protocol}//${url.host}` : url.origin;
}
