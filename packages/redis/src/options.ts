// The options of the broker.
import { historyLimits, timeLimit, type HistoryLimits } from '@framewire/topics/engine';
import { isWellFormed } from './names.ts';

/** How much of each topic is kept. */
export interface RedisHistoryOptions {
  /** How many of the newest messages are kept, at least. Default 1000. */
  readonly messages?: number | undefined;
  /** For how many milliseconds after the last one they are kept. `Infinity` if they do not expire. Default 300000. */
  readonly milliseconds?: number | undefined;
  /**
   * Whether Redis keeps all that it has confirmed: it has `appendfsync always`, and no replica ever takes its place. Clients then recover
   * even after it has restarted. Default false: a new epoch begins.
   */
  readonly durable?: boolean | undefined;
}

/** The options of `connectToRedis()`. */
export interface RedisBrokerOptions {
  /** The start of the names of channels and keys. Default `framewire:`. */
  readonly prefix?: string | undefined;
  /** Keeps messages in streams, so that clients can recover. Default: nothing is kept, and messages have no positions. */
  readonly history?: boolean | RedisHistoryOptions | undefined;
  /** How long Redis may take to answer before it counts as unreachable, in ms. Default 5000. */
  readonly timeout?: number | undefined;
}

/** The options with the defaults. */
export interface Settings {
  readonly prefix: string;
  readonly history: HistoryLimits | undefined;
  readonly isDurable: boolean;
  readonly timeout: number;
}

/** @throws `RangeError` for a timeout or limits that are not above 0, and for a prefix that UTF-8 cannot represent */
export function settingsOf(options: RedisBrokerOptions): Settings {
  const { prefix = 'framewire:', history } = options;
  const timeout = timeLimit(options.timeout, 5000);
  // Otherwise different prefixes would name the same keys.
  if (!isWellFormed(prefix)) throw new RangeError('The prefix must not have a lone surrogate');
  const isDurable = typeof history === 'object' && history.durable === true;
  return { prefix, history: historyLimits(history), isDurable, timeout };
}
