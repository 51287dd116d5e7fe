// The sentinels, which know the address of the primary.
import { createClient, type RedisClientOptions, type RedisSentinelOptions } from 'redis';
import type { AnyRedisClient } from './session.ts';

/** The options of `createSentinel()`. Those that this type lacks have no effect. */
export type SentinelOptions = Pick<
  // The type has five parameters, which have no effect here.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  RedisSentinelOptions<any, any, any, any, any>,
  'name' | 'sentinelRootNodes' | 'nodeClientOptions' | 'sentinelClientOptions' | 'nodeAddressMap'
>;

export function isSentinelOptions(target: unknown): target is SentinelOptions {
  return typeof target === 'object' && target !== null && 'sentinelRootNodes' in target;
}

interface Node {
  readonly host: string;
  readonly port: number;
}

/**
 * Resolves to a client for the primary, which is not connected. Asks all sentinels, and takes the first answer. Rejects if none
 * names a primary in time.
 *
 * @param timeout how long they may take, in ms
 */
export async function findPrimary(options: SentinelOptions, timeout: number): Promise<AnyRedisClient> {
  const { name, sentinelRootNodes, sentinelClientOptions, nodeClientOptions } = options;
  const done = new AbortController();
  // Ends their sockets, because `destroy()` of a client does not end one that is still connecting.
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(Math.ceil(timeout))]);
  const sentinels = sentinelRootNodes.map((node) => clientOf(node, sentinelClientOptions, timeout, signal));
  try {
    const answer = Promise.any(sentinels.map((each) => ask(each, name)));
    const node = await Promise.race([answer, rejectsWith(signal)]).catch((cause: unknown) => {
      if (signal.aborted) throw new Error(`No sentinel has answered for ${timeout} ms`, { cause });
      const errors = (cause as AggregateError).errors as NodeJS.ErrnoException[];
      // The error of a host with several addresses has a code only.
      const reasons = errors.map(({ message, code }) => message || code);
      throw new Error(`No sentinel has named the primary: ${reasons.join('; ')}`, { cause });
    });
    return clientOf(mapped(node, options), nodeClientOptions, timeout);
  } finally {
    for (const each of sentinels) if (each.isOpen) each.destroy();
    done.abort();
  }
}

function clientOf(
  { host, port }: Node,
  options: object | undefined,
  timeout: number,
  signal?: AbortSignal,
): AnyRedisClient {
  const others: RedisClientOptions = options ?? {};
  const socket = { connectTimeout: timeout, ...others.socket, host, port, reconnectStrategy: false, signal };
  // The types do not know that the options of a node have no other kind of socket.
  return createClient({ ...others, socket } as RedisClientOptions);
}

async function ask(sentinel: AnyRedisClient, name: string): Promise<Node> {
  sentinel.on('error', ignore);
  await sentinel.connect();
  const address = await sentinel.sendCommand<[string, string] | null>([
    'SENTINEL',
    'GET-MASTER-ADDR-BY-NAME',
    name,
  ]);
  if (address === null) throw new Error(`The sentinel does not know a primary named "${name}"`);
  const [host, port] = address;
  return { host, port: Number(port) };
}

/** Version 5 of the client may not settle `connect()` although its socket has closed. */
function rejectsWith(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function mapped(node: Node, { nodeAddressMap: map }: SentinelOptions): Node {
  const address = `${node.host}:${node.port}`;
  return (typeof map === 'function' ? map(address) : map?.[address]) ?? node;
}

function ignore(): void {}
