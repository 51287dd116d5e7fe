// What can be set, with the defaults.
import type { CloseEvent } from './events.ts';
import type { WebSocketClass, WebSocketLike } from './websocket-like.ts';

/** A value, or a function that gives one for each attempt, also later. */
export type Provider<T> = T | (() => T) | (() => Promise<T>);
/** Where to connect to. */
export type UrlProvider = Provider<string>;
/** Which subprotocols to ask for; null for none. */
export type ProtocolsProvider = Provider<string | string[] | null>;

/** What a {@link Options.resubscribe} hook is told. */
export interface ConnectionInfo {
  /** Whether there was an open connection before. */
  readonly isReconnect: boolean;
}

/** How to connect, and how to stay connected. */
export interface Options {
  /** The class of the connections. Default: that of the platform, which Node has from 22 on. */
  WebSocket?: WebSocketClass | undefined;
  /** The shortest time between two attempts, in ms. Default 1000. */
  minReconnectionDelay?: number | undefined;
  /** The longest time between two attempts, in ms; a `Retry-After` may be longer. Default 10000. */
  maxReconnectionDelay?: number | undefined;
  /** By what the longest possible delay grows with each attempt, from `minReconnectionDelay` on. Default 2. */
  reconnectionDelayGrowFactor?: number | undefined;
  /** How long a connection has to stay open before `retryCount` and the delay begin anew, in ms. Default 5000. */
  minUptime?: number | undefined;
  /** How long an attempt may take from the moment that its address is known, `resubscribe` included, in ms. Default 4000. */
  connectionTimeout?: number | undefined;
  /** How many attempts may follow each other without `minUptime` between them. Default: no limit. */
  maxRetries?: number | undefined;
  /** How many bytes of messages may wait for a connection; 0 = none may wait. Default 1 MiB. */
  maxQueuedBytes?: number | undefined;
  /** How many messages may wait for a connection. Default: no limit but `maxQueuedBytes`. */
  maxEnqueuedMessages?: number | undefined;
  /** The close codes after which no attempt follows. Default 1008. */
  finalCloseCodes?: readonly number[] | undefined;
  /** The HTTP statuses after which no attempt follows, known in Node alone. Default 401, 403, 404. */
  finalStatuses?: readonly number[] | undefined;
  /** Decides after each connection and attempt that has ended whether another follows, in addition to the codes and statuses. */
  shouldReconnectOnClose?: ((event: CloseEvent) => boolean) | undefined;
  /**
   * Called for each new connection before messages that wait are sent and before `open`. It sends by the connection that it is given;
   * what it sends through the reconnecting WebSocket waits. If it throws or rejects, the attempt has failed.
   */
  resubscribe?: ((socket: WebSocketLike, info: ConnectionInfo) => unknown) | undefined;
  /** Ends it, as `close()` does, and for good. */
  signal?: AbortSignal | undefined;
  /** Whether it stays closed until `reconnect()`. Default false. */
  startClosed?: boolean | undefined;
  /** Whether `debugLogger` is called. Default false. */
  debug?: boolean | undefined;
  /** Called with what happens, for a log. Default: `console.log()`. */
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

/** The options with the defaults for what is left out. */
export type Settings = Options & { [K in keyof typeof DEFAULTS]: NonNullable<Options[K]> };

/** The options with the defaults for what is left out, or undefined. */
export function settingsOf(options: Options): Settings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...given };
}

/** What a provider gives for this attempt. */
export async function provided<T>(provider: Provider<T>): Promise<T> {
  return typeof provider === 'function' ? (provider as () => T | Promise<T>)() : provider;
}
