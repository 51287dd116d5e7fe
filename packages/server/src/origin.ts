// Which origins may connect: a list of serialised origins (RFC 6454 §6.2), compared to the letter, or that of the request itself.

/** Which origins may connect. */
export type Origins = ReadonlySet<string> | 'same';

/** What pages have whose origin is nobody's: those of files, of sandboxed frames, of `data:` URLs. */
const OPAQUE = 'null';

/**
 * Reads the list of those who may connect.
 *
 * @throws `TypeError` for an entry that no browser would send as it stands, so that it would only ever refuse
 */
export function readOrigins(entries: readonly string[] | 'same'): Origins {
  if (entries === 'same') return entries;
  // A program without types may pass a string, which is a list of characters.
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

/** Whether an origin may connect. `host` is the value of `Host` of its request. */
export function allowsOrigin(origins: Origins, origin: string, host: string | undefined): boolean {
  if (origins !== 'same') return origins.has(origin);
  // What is more than a host and a port could make the URL below one of another host.
  if (host === undefined || /[\s/?#@\\]/.test(host) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  // TLS may end at a proxy, so the scheme is that of the page. With it, the URL leaves out the port where it is the scheme's own.
  const own = `${page.protocol}//${host}`;
  return page.host !== '' && URL.canParse(own) && new URL(own).host === page.host;
}

/** The origin of a URL as a browser writes it; undefined where there is none, or none that a page can have. */
function serialise(entry: string): string | undefined {
  if (!entry.includes('://') || entry.includes('*') || !URL.canParse(entry)) return undefined;
  // The address of the WebSocket was meant to be that of the page.
  const url = new URL(entry.replace(/^ws/i, 'http'));
  // Schemes that are not of the web have no origin in the URL standard, but the pages of extensions and apps have one.
  return url.origin === OPAQUE ? `${url.protocol}//${url.host}` : url.origin;
}
