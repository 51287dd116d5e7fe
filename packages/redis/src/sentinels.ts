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

export function isSentinelOptions(target: object): target is SentinelOptions {
  return 'sentinelRootNodes' in target;
}

interface Node {
  readonly host: string;
  readonly port: number;
}

/**
 * Resolves to a client for the primary, which is not connected. Asks all sentinels, and takes the first answer. Rejects if none has
 * answered.
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
    const node = await Promise.any(sentinels.map((each) => ask(each, name)));
    return clientOf(mapped(node, options), nodeClientOptions, timeout);
  } catch (error) {
    throw signal.aborted ? new Error(`No sentinel has answered for ${timeout} ms`, { cause: error }) : error;
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
  const [host, port] = await sentinel.sendCommand<[string, string]>([
    'SENTINEL',
    'GET-MASTER-ADDR-BY-NAME',
    name,
  ]);
  return { host, port: Number(port) };
}

function mapped(node: Node, { nodeAddressMap: map }: SentinelOptions): Node {
  const address = `${node.host}:${node.port}`;
  return (typeof map === 'function' ? map(address) : map?.[address]) ?? node;
}

function ignore(): void {}
