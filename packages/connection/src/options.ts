// What can be set for one connection, with the defaults.
import type { Extension } from '@framewire/codec';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The times of a heartbeat, in ms, 20000 by default: the silence before a ping, and the silence after it. */
export interface HeartbeatOptions {
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
}

/** The options that clients and servers share. */
export interface ConnectionOptions {
  /** Whether several `message`, `ping` and `pong` events may come in one turn of the event loop. Default true. */
  allowSynchronousEvents?: boolean | undefined;
  /** Whether each ping is answered with a pong (RFC 6455 §5.5.2). Default true. */
  autoPong?: boolean | undefined;
  /**
   * How many automatic pongs may wait to be written before the connection is terminated. Each waits until its callback is called: a
   * `pong()` that is overridden has to hand it on. Default 60; 0 = no limit.
   */
  maxPendingAutoPongs?: number | undefined;
  /** How long the closing handshake may take before the socket is destroyed, in ms. Default 30000. */
  closeTimeout?: number | undefined;
  /** The longest message, in bytes, on the wire and inflated. Default 100 MiB; 0 = no limit. Beyond it: 1009. */
  maxPayload?: number | undefined;
  /**
   * The most fragments of a message; 0 = no limit. Default: no limit, as memory is bounded by bytes, but 16384 with the
   * `binaryType` `fragments`. Beyond it: 1008.
   */
  maxFragments?: number | undefined;
  /** The most chunks that a frame may come in. Default 0 = no limit, as memory is bounded by bytes. Beyond it: 1008. */
  maxBufferedChunks?: number | undefined;
  /**
   * How many bytes may wait before `writableNeedDrain` is true; `drain` is emitted when fewer wait again. Default 65536. Nothing
   * ends or is refused because of it.
   */
  highWaterMark?: number | undefined;
  /**
   * How many bytes a peer may leave unread before `onBufferFull` applies. What it has had no chance to read does not count: bytes
   * that were written in this turn of the event loop or in the one before, and messages that wait for the compressor. One message
   * may be longer. Default 0 = no limit.
   */
  maxBufferedAmount?: number | undefined;
  /**
   * What becomes of a message that is sent while more than `maxBufferedAmount` bytes wait. It is not sent, and its callback is
   * called with an error. Default `terminate`.
   *
   * - `terminate`: `error` is emitted with the code `WS_ERR_BUFFERED_AMOUNT_EXCEEDED`, and the socket is destroyed.
   * - `close`: `error` is emitted with the same code, and the connection closes with 1008, or after `closeTimeout`.
   * - `drop`: `dropped` is emitted, the callback's error has the code `WS_ERR_MESSAGE_DROPPED`, and the connection stays open.
   *
   * Pongs, close frames and pings of `heartbeat` are never refused.
   */
  onBufferFull?: 'terminate' | 'close' | 'drop' | undefined;
  /**
   * How many messages may wait for a `for await` loop before the connection is paused; it is resumed when half of them are left.
   * Default 16; 0 = no limit.
   */
  messageHighWaterMark?: number | undefined;
  /**
   * Pings a peer from which nothing has come for `interval`, and destroys the socket if nothing comes for `timeout` after that: `error`
   * is emitted with the code `WS_ERR_HEARTBEAT_TIMEOUT`. True is 20000 ms for each. Any received byte counts. Default false.
   */
  heartbeat?: boolean | HeartbeatOptions | undefined;
  /** Closes with 1001 when there has been no message in either direction for so long, in ms. Default 0 = no limit. */
  idleTimeout?: number | undefined;
  /** Closes with 1001 when the connection has been open for so long, in ms, or up to 10 % shorter. Default 0 = no limit. */
  maxLifetime?: number | undefined;
  /** Takes text and close reasons without checking that they are UTF-8. Default false. */
  skipUTF8Validation?: boolean | undefined;
}

/** What may be said of a connection when it is opened, too, where it wins over what was said when it was made. */
const OF_OPENING = [
  'allowSynchronousEvents',
  'maxBufferedChunks',
  'maxFragments',
  'maxPayload',
  'skipUTF8Validation',
] as const satisfies readonly (keyof ConnectionOptions)[];

/** What the opening handshake settled, for `setSocket()`, and how to read from then on. */
export interface OpenOptions extends Readonly<Pick<ConnectionOptions, (typeof OF_OPENING)[number]>> {
  /** Whose end this is: a client masks what it sends (§5.1). Default `server`. */
  readonly role?: 'client' | 'server' | undefined;
  /** The subprotocol that was chosen; empty for none. Default ''. */
  readonly protocol?: string | undefined;
  /** The extension that was negotiated. Default none. */
  readonly extension?: Extension | undefined;
  /**
   * Fills the 4 bytes of a masking key, at once. Default: random. A key of zeros leaves payloads as they are;
   * keys that can be foretold let a hostile server speak to what stands between (§10.3).
   */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
  /**
   * Called when the connection has closed, right before `close` is emitted. No listener stands for it, so a program that removes
   * the listeners of a connection does not remove it.
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

/** The options of a connection once it is opened; without any of those above the same object, as many connections share it. */
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

/** What an option says that is an object or a function; undefined where a program turns it off by `null`, `false`, 0 or an empty string. */
export function given<T>(value: T): T | undefined {
  return value ? value : undefined;
}

/** What an option says that is a number: 0 with `null`, `false` and an empty string, the default with nothing. */
export function limitOf(value: unknown, fallback: number): number {
  return value === undefined ? fallback : Number(value) || 0;
}

/** The longest time of a heartbeat, in ms: a quarter of a day. */
const LONGEST_HEARTBEAT = 21_600_000;

/** @throws `RangeError` for times that are not above 0 */
export function heartbeatTimes(heartbeat: true | HeartbeatOptions): { interval: number; timeout: number } {
  const { interval = 20_000, timeout = 20_000 } = heartbeat === true ? {} : heartbeat;
  if (!(interval > 0 && timeout > 0)) throw new RangeError('The times of heartbeat must be greater than 0');
  return {
    interval: Math.min(interval, LONGEST_HEARTBEAT),
    timeout: Math.min(timeout, LONGEST_HEARTBEAT),
  };
}

/**
 * The options as their types have them. A program without types may pass anything: as in `ws`, `null`, `false` and an empty string are
 * off, and 0, but no default. NaN and negative numbers are 0. If all are valid, it returns the same object, because many connections
 * share it.
 *
 * @throws `TypeError` for another `onBufferFull`; `RangeError` for times of `heartbeat` that are not above 0
 */
export function readOptions(options: ConnectionOptions): ConnectionOptions {
  const { heartbeat, onBufferFull } = options;
  if (heartbeat) heartbeatTimes(heartbeat);
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
