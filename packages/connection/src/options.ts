// The options of a connection, with their defaults.
import type { Extension } from '@framewire/codec';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The times of a heartbeat, in ms: the silence before a ping (`interval`) and after it (`timeout`). Default 20000 each, at most 6 hours. */
export interface HeartbeatOptions {
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
}

/** The options that clients and servers have in common. */
export interface ConnectionOptions {
  /** Whether several `message`, `ping` and `pong` events may be emitted in one turn of the event loop. Default true. */
  allowSynchronousEvents?: boolean | undefined;
  /** Whether pings are answered with pongs automatically (RFC 6455 §5.5.2). Default true. */
  autoPong?: boolean | undefined;
  /**
   * How many automatic pongs may wait to be written. One more terminates the connection. A pong waits until its callback is called, so
   * an overridden `pong()` must pass the callback on. Default 60; 0 = no limit.
   */
  maxPendingAutoPongs?: number | undefined;
  /** How long the closing handshake may take before the socket is destroyed, in ms. Default 30000. */
  closeTimeout?: number | undefined;
  /** The longest message, in bytes, on the wire and inflated. A longer one fails with 1009. Default 100 MiB; 0 = no limit. */
  maxPayload?: number | undefined;
  /**
   * How many fragments a message may have. More fail with 1008. 0 = no limit. Default: no limit, because `maxPayload` already limits
   * memory. With the `binaryType` `fragments`, it is 16384.
   */
  maxFragments?: number | undefined;
  /** In how many chunks a frame may arrive. More fail with 1008. Default 0 = no limit, because `maxPayload` already limits memory. */
  maxBufferedChunks?: number | undefined;
  /**
   * How many bytes may wait before `writableNeedDrain` is true. `drain` is emitted when their number has fallen to this again. The option
   * does not make sends fail. Default 65536.
   */
  highWaterMark?: number | undefined;
  /**
   * How many bytes a peer may leave unread before `onBufferFull` applies. Bytes that were written in this turn of the event loop or in the
   * one before do not count, because the peer has had no chance to read them. Messages that are still being compressed or read from a
   * `Blob` do not count either. A single message may be longer than the limit. Default 0 = no limit.
   */
  maxBufferedAmount?: number | undefined;
  /**
   * What happens when a message is sent while more than `maxBufferedAmount` bytes are unread. The message is not sent, and its callback
   * is called with an error. Default `terminate`.
   *
   * - `terminate`: `error` is emitted with the code `WS_ERR_BUFFERED_AMOUNT_EXCEEDED`, and the socket is destroyed.
   * - `close`: `error` is emitted with the same code, and the connection closes with 1008, at the latest after `closeTimeout`.
   * - `drop`: `dropped` is emitted, the callback's error has the code `WS_ERR_MESSAGE_DROPPED`, and the connection stays open.
   *
   * Pongs, close frames and pings of `heartbeat` are never refused.
   */
  onBufferFull?: 'terminate' | 'close' | 'drop' | undefined;
  /**
   * How many messages may wait for a `for await` loop before the connection is paused. It is resumed when half of them are left.
   * Default 16; 0 = no limit.
   */
  messageHighWaterMark?: number | undefined;
  /**
   * Pings the peer when no byte has arrived for `interval`. If none arrives for `timeout` after that, emits `error` with the code
   * `WS_ERR_HEARTBEAT_TIMEOUT` and destroys the socket. `true` means 20000 ms for each. Default false.
   */
  heartbeat?: boolean | HeartbeatOptions | undefined;
  /** Closes with 1001 after this time without a message in either direction, in ms. Default 0 = no limit. */
  idleTimeout?: number | undefined;
  /** Closes with 1001 when the connection has been open for this time, in ms, or up to 10 % less. Default 0 = no limit. */
  maxLifetime?: number | undefined;
  /** Whether to accept text and close reasons without checking that they are UTF-8. Default false. */
  skipUTF8Validation?: boolean | undefined;
}

/** The options that can also be passed to `setSocket()`. They override those of the constructor. */
const OF_OPENING = [
  'allowSynchronousEvents',
  'maxBufferedChunks',
  'maxFragments',
  'maxPayload',
  'skipUTF8Validation',
] as const satisfies readonly (keyof ConnectionOptions)[];

/** For `setSocket()`: what the opening handshake has negotiated, and options for reading. */
export interface OpenOptions extends Readonly<Pick<ConnectionOptions, (typeof OF_OPENING)[number]>> {
  /** Which end this is. A client masks what it sends (§5.1). Default `server`. */
  readonly role?: 'client' | 'server' | undefined;
  /** The subprotocol that was negotiated. Default '': none. */
  readonly protocol?: string | undefined;
  /** The extension that was negotiated. Default: none. */
  readonly extension?: Extension | undefined;
  /**
   * Fills the 4 bytes of a masking key, synchronously. Default: random. If keys are predictable, a malicious server can make this client
   * send bytes that attack proxies on the way (§10.3).
   */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
  /**
   * Called when the connection has closed, immediately before `close` is emitted. It is not a listener, so a program cannot remove it.
   */
  readonly onClosed?: ((ws: WebSocketConnection) => void) | undefined;
}

/** The defaults of {@link ConnectionOptions}. */
export const DEFAULTS = {
  allowSynchronousEvents: true,
  autoPong: true,
  maxPendingAutoPongs: 60,
  closeTimeout: 30_000,
  maxPayload: 100 * 1024 * 1024,
  maxBufferedChunks: 0,
  highWaterMark: 64 * 1024,
  maxBufferedAmount: 0,
  onBufferFull: 'terminate',
  messageHighWaterMark: 16,
  heartbeat: false,
  idleTimeout: 0,
  maxLifetime: 0,
  skipUTF8Validation: false,
} as const satisfies ConnectionOptions;

/** Returns the options of an open connection: the same object if `opened` overrides none of them, because many connections share it. */
export function optionsWhenOpen(options: ConnectionOptions, opened: OpenOptions): ConnectionOptions {
  const given = OF_OPENING.filter((name) => opened[name] !== undefined);
  if (given.length === 0) return options;
  return readOptions({ ...options, ...Object.fromEntries(given.map((name) => [name, opened[name]])) });
}

const FLAGS = [
  'allowSynchronousEvents',
  'autoPong',
  'skipUTF8Validation',
] as const satisfies readonly (keyof ConnectionOptions)[];
const LIMITS = [
  'closeTimeout',
  'highWaterMark',
  'idleTimeout',
  'maxBufferedAmount',
  'maxBufferedChunks',
  'maxFragments',
  'maxLifetime',
  'maxPayload',
  'maxPendingAutoPongs',
  'messageHighWaterMark',
] as const satisfies readonly (keyof ConnectionOptions)[];

/** Reads an option that is an object or a function. A program may turn it off with `null`, `false`, 0 or an empty string. */
export function given<T>(value: T): T | undefined {
  return value ? value : undefined;
}

/** Reads an option that is a number. `null`, `false` and an empty string are 0, and `undefined` is the default. */
export function limitOf(value: unknown, fallback: number): number {
  return value === undefined ? fallback : Number(value) || 0;
}

/** The longest time of a heartbeat, in ms: six hours. */
const LONGEST_HEARTBEAT = 21_600_000;

/** The times of a heartbeat, in ms, with the defaults. */
export function heartbeatTimes(heartbeat: true | HeartbeatOptions): { interval: number; timeout: number } {
  const { interval = 20_000, timeout = 20_000 } = heartbeat === true ? {} : heartbeat;
  return {
    interval: Math.min(interval, LONGEST_HEARTBEAT),
    timeout: Math.min(timeout, LONGEST_HEARTBEAT),
  };
}

/**
 * Returns the options with values of the declared types. A program without types may pass others. As in `ws`, `null`, `false` and
 * `''` mean off or 0. NaN and negative numbers are 0. Valid options are returned as they are, because many connections share them.
 *
 * @throws `TypeError` for an unknown `onBufferFull`, `RangeError` for times of `heartbeat` that are not above 0
 */
export function readOptions(options: ConnectionOptions): ConnectionOptions {
  const { heartbeat, onBufferFull } = options;
  if (heartbeat) {
    const { interval, timeout } = heartbeatTimes(heartbeat);
    if (!(interval > 0 && timeout > 0)) throw new RangeError('The times of heartbeat must be greater than 0');
  }
  if (onBufferFull && !['terminate', 'close', 'drop'].includes(onBufferFull)) {
    throw new TypeError("onBufferFull must be 'terminate', 'close' or 'drop'");
  }
  const isOdd = (name: keyof ConnectionOptions, type: string): boolean =>
    options[name] !== undefined && typeof options[name] !== type;
  const flags = FLAGS.filter((name) => isOdd(name, 'boolean'));
  const limits = LIMITS.filter((name) => isOdd(name, 'number') || !((options[name] ?? 0) >= 0));
  if (flags.length + limits.length === 0) return options;
  return {
    ...options,
    ...Object.fromEntries(flags.map((name) => [name, Boolean(options[name])])),
    ...Object.fromEntries(limits.map((name) => [name, Math.max(0, limitOf(options[name], 0))])),
  };
}
