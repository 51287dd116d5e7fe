// Which backend serves which path.
import { parseTarget } from '@framewire/handshake';

/** The address of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A path, which includes everything below it, and its backend. */
export interface Route {
  readonly path: string;
  readonly backend: Address;
}

/**
 * Parses `host:port`, `[host]:port` (IPv6) or, if there is a default host, `port`.
 *
 * @throws `Error` with a message for the user
 */
export function parseAddress(text: string, defaultHost?: string): Address {
  const colon = text.lastIndexOf(':');
  const host = colon === -1 ? defaultHost : text.slice(0, colon).replace(/^\[([^\]]*)\]$/, '$1');
  const port = text.slice(colon + 1);
  if (!host || !/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`"${text}" is not ${defaultHost === undefined ? '' : 'port or '}host:port`);
  }
  return { host, port: Number(port) };
}

/**
 * Parses `/path=host:port`.
 *
 * @throws `Error` with a message for the user
 */
export function parseRoute(text: string): Route {
  const equals = text.lastIndexOf('=');
  const path = text.slice(0, Math.max(0, equals));
  if (!/^\/[^\s?#]*$/.test(path)) throw new Error(`"${text}" is not /path=host:port`);
  return { path, backend: parseAddress(text.slice(equals + 1)) };
}

/**
 * Returns the matching route with the longest path. A route matches its path and every path below it: `/chat` matches `/chat`, `/chat/room`
 * and `/chat?x`, but not `/chatter`; `/` matches everything. A target in the absolute form is matched by its path. Other forms match
 * nothing.
 */
export function findRoute(routes: readonly Route[], target: string): Route | undefined {
  const { path } = parseTarget(target);
  const matching = routes.filter((route) => isAtOrBelow(path, route.path));
  return matching.sort((a, b) => b.path.length - a.path.length)[0];
}

function isAtOrBelow(path: string, routePath: string): boolean {
  return path === routePath || path.startsWith(routePath.endsWith('/') ? routePath : `${routePath}/`);
}
