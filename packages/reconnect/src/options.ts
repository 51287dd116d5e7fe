// The options and their defaults.
import { LONGEST_DELAY } from './backoff.ts';
import type { CloseEvent } from './events.ts';
import type { WebSocketClass, WebSocketLike } from './websocket-like.ts';

/** A value, or a function that returns one for each attempt, possibly asynchronously. */
export type Provider<T> = T | (() => T) | (() => Promise<T>);
/** The address to connect to. */
export type UrlProvider = Provider<string>;
/** The subprotocols to request; null for none. */
export type ProtocolsProvider = Provider<string | string[] | null>;

/** The second argument of a {@link Options.resubscribe} hook. */
export interface ConnectionInfo {
  /** Whether an earlier connection was open. */
  readonly isReconnect: boolean;
}

/** How to connect, and how to stay connected. */
export interface Options {
  /** The class of the connections. Default: that of the platform, which Node has since version 22. */
  WebSocket?: WebSocketClass | undefined;
  /** The shortest time between two attempts, in ms. Default 1000. */
  minReconnectionDelay?: number | undefined;
  /** The longest time between two attempts, in ms; a `Retry-After` may be longer. Default 10000. */
  maxReconnectionDelay?: number | undefined;
  /** The factor by which the bound of the delay grows with each attempt, starting from `minReconnectionDelay`. Default 2. */
  reconnectionDelayGrowFactor?: number | undefined;
  /** How long a connection must stay open before `retryCount` and the delay are reset, in ms. Default 5000. */
  minUptime?: number | undefined;
  /** How long an attempt may take after its address is known, including `resubscribe`, in ms; `Infinity` for no limit. Default 4000. */
  connectionTimeout?: number | undefined;
  /** How many consecutive retries are allowed without `minUptime` in between. Default: no limit. */
  maxRetries?: number | undefined;
  /** How many bytes of messages may wait for a connection; 0 for none. Default 1 MiB. */
  maxQueuedBytes?: number | undefined;
  /** How many messages may wait for a connection. Default: no limit except `maxQueuedBytes`. */
  maxEnqueuedMessages?: number | undefined;
  /** The close codes after which no attempt follows. Default 1008. */
  finalCloseCodes?: readonly number[] | undefined;
  /** The HTTP statuses after which no attempt follows. Known only in Node, on top of framewire or `ws`. Default 401, 403, 404. */
  finalStatuses?: readonly number[] | undefined;
  /** Decides after each connection or attempt whether another one follows, in addition to the codes and statuses. */
  shouldReconnectOnClose?: ((event: CloseEvent) => boolean) | undefined;
  /**
   * Called for each new connection, before waiting messages are sent and before `open`. It sends on the given connection. Messages that it
   * sends on the reconnecting WebSocket wait in the queue. If it throws or rejects, the attempt fails.
   */
  resubscribe?: ((socket: WebSocketLike, info: ConnectionInfo) => unknown) | undefined;
  /** Closes the WebSocket as `close()` does. `reconnect()` then has no effect. */
  signal?: AbortSignal | undefined;
  /** Whether to stay closed until `reconnect()`. Default false. */
  startClosed?: boolean | undefined;
  /** Whether to call `debugLogger`. Default false. */
  debug?: boolean | undefined;
  /** Logs events. Default: `console.log()`. */
  debugLogger?: ((...what: unknown[]) => void) | undefined;
}

export const DEFAULTS = {
  minReconnectionDelay: 1000,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 2,
  minUptime: 5000,
  connectionTimeout: 4000,
  maxRetries: Infinity,
  maxQueuedBytes: 1024 * 1024,
  maxEnqueuedMessages: Infinity,
  finalCloseCodes: [1008],
  finalStatuses: [401, 403, 404],
} as const satisfies Options;

/** The options that are times, in ms. */
const TIMES = ['minReconnectionDelay', 'maxReconnectionDelay', 'minUptime', 'connectionTimeout'] as const;

/** The options that are numbers. */
const NUMBERS = [
  ...TIMES,
  'reconnectionDelayGrowFactor',
  'maxRetries',
  'maxQueuedBytes',
  'maxEnqueuedMessages',
] as const;

/** The options, with the defaults for absent ones. */
export type Settings = Options & { [K in keyof typeof DEFAULTS]: NonNullable<Options[K]> };

/**
 * Adds the defaults for absent or undefined options. No time is longer than a timer can run.
 *
 * @throws `RangeError` for a number that is negative or NaN. NaN would remove a limit or a delay
 */
export function settingsOf(options: Options): Settings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: Settings = { ...DEFAULTS, ...given };
  for (const name of NUMBERS) {
    if (!(settings[name] >= 0)) throw new RangeError(`${name} must not be less than 0`);
  }
  const times = TIMES.map((name): [string, number] => [name, Math.min(settings[name], LONGEST_DELAY)]);
  return { ...settings, ...Object.fromEntries(times) };
}

/** Returns the value of a provider for this attempt. */
export async function provided<T>(provider: Provider<T>): Promise<T> {
  return typeof provider === 'function' ? (provider as () => T | Promise<T>)() : provider;
}
