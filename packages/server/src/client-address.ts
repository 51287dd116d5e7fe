// The address of a client behind trusted proxies.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The trusted proxies, and the header that they set. */
export interface ClientAddressOptions {
  /**
   * The addresses (`127.0.0.1`) and subnets (`10.0.0.0/8`, `fd00::/8`) of the proxies. `unix` trusts connections over a Unix socket.
   */
  readonly trust: readonly string[];
  /** The header that the proxies set. They must overwrite it or append to it. Default `x-forwarded-for`. */
  readonly header?: 'x-forwarded-for' | 'forwarded' | undefined;
}

/**
 * Creates a function that returns the address of a request's client. The function reads the header from its end, up to the first
 * address that is not trusted. It ignores everything before that, because the client may have sent it, and the other header.
 *
 * @returns a function that returns an address without a port, another name that a trusted proxy wrote (such as `unknown`), or `unix`
 * @throws `TypeError` for an entry that is neither an address nor a subnet
 * @example
 * const client = clientAddress({ trust: ['127.0.0.1', '10.0.0.0/8'] });
 * new WebSocketServer({ port: 8080, connectionsPerClient: { limit: 20, client } });
 */
export function clientAddress({
  trust,
  header = 'x-forwarded-for',
}: ClientAddressOptions): (request: IncomingMessage) => string {
  const trusted = readTrusted(trust);
  return (request) => {
    let address = plainAddress(request.socket.remoteAddress ?? UNIX);
    // Node joins repeated headers in order.
    const value = request.headers[header];
    const hops = typeof value === 'string' ? value.split(',') : [];
    while (trusted(address)) {
      const hop = hops.pop();
      const named = hop === undefined ? undefined : header === 'forwarded' ? forwardedFor(hop) : hop.trim();
      if (!named) break;
      address = plainAddress(named);
    }
    return address;
  };
}

const UNIX = 'unix';

function readTrusted(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    if (entry === UNIX) continue;
    const [address = '', prefix, ...more] = entry.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    const isSubnet = /^\d+$/.test(prefix ?? '0') && bits <= (version === 4 ? 32 : 128) && more.length === 0;
    if (version === 0 || !isSubnet) {
      throw new TypeError(`trust: "${entry}" is neither an address nor a subnet`);
    }
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  const trustsUnix = entries.includes(UNIX);
  return (address) => {
    const version = isIP(address);
    return version === 0
      ? trustsUnix && address === UNIX
      : list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

/** The value of `for` in an element of `Forwarded` (RFC 7239 §5.2). */
function forwardedFor(element: string): string | undefined {
  const value = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)/i.exec(element)?.[1];
  return value?.replaceAll('"', '');
}

/** Normalises an address for comparison: removes the port and brackets. Returns other text unchanged. */
function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([^:]*):\d+$/.exec(text)?.[1] ?? text;
  const [, mapped = bare] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare) ?? [];
  return isIP(mapped) === 6 ? mapped.toLowerCase() : mapped;
}
