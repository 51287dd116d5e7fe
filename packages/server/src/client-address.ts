// Where a request comes from, behind proxies that are trusted to say it.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Which proxies are trusted, and which header they set. */
export interface ClientAddressOptions {
  /**
   * The addresses (`127.0.0.1`) and subnets (`10.0.0.0/8`, `fd00::/8`) of the proxies. `unix` trusts connections over a Unix socket.
   */
  readonly trust: readonly string[];
  /** The header that the proxies add to. They must overwrite or extend what a client sends in it. Default `x-forwarded-for`. */
  readonly header?: 'x-forwarded-for' | 'forwarded' | undefined;
}

/**
 * Makes a function that finds the address of a request's client. Beginning at the socket, each proxy that is trusted is believed what
 * it says of the one before it, so nothing that a client writes into the header counts. The other header is ignored.
 *
 * @returns a function that gives an address without a port; what a trusted proxy wrote in its place, `unknown` for example; or `unix`
 * @throws `TypeError` for an entry that is no address and no subnet
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
    // Repeated headers have been joined, in their order.
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

/** The node that an element of `Forwarded` names in `for` (RFC 7239 §5.2). */
function forwardedFor(element: string): string | undefined {
  const value = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)/i.exec(element)?.[1];
  return value?.replaceAll('"', '');
}

/** An address without port and brackets, in the one form in which it is compared; other text as it is. */
function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([^:]*):\d+$/.exec(text)?.[1] ?? text;
  const [, mapped = bare] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare) ?? [];
  return isIP(mapped) === 6 ? mapped.toLowerCase() : mapped;
}
