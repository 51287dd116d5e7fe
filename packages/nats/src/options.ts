// The options of the broker.
import { historyLimits, timeLimit, type HistoryLimits } from '@framewire/topics/engine';

/** Which messages are kept, and where. If the stream already exists, it keeps its own limits. */
export interface NatsHistoryOptions {
  /** How many of the newest messages of each topic are kept. Default 1000. */
  readonly messages?: number | undefined;
  /** For how many milliseconds each message is kept. `Infinity` if messages do not expire. Default 300000. */
  readonly milliseconds?: number | undefined;
  /** On how many servers of a NATS cluster messages are kept. Default 1. */
  readonly replicas?: number | undefined;
}

/** The options of `connectToNats()`. */
export interface NatsBrokerOptions {
  /** The start of the names of subjects, and the name of the stream: letters, digits, `-` and `_`. Default `framewire`. */
  readonly prefix?: string | undefined;
  /** Keeps messages in JetStream, so that clients can recover. Default: nothing is kept, and messages have no positions. */
  readonly history?: boolean | NatsHistoryOptions | undefined;
  /** How long NATS may take to answer before it counts as unreachable, in ms. Default 5000. */
  readonly timeout?: number | undefined;
}

/** The history with the defaults. */
export interface HistorySettings extends HistoryLimits {
  readonly replicas: number;
}

/** The options of the broker, with the defaults. */
export interface Settings {
  readonly prefix: string;
  readonly history: HistorySettings | undefined;
  readonly timeout: number;
}

/** The shortest maximum age that the server accepts, in ms. */
const LEAST_AGE = 100;

/** @throws `RangeError` for limits that are out of range, and for a prefix with characters that it must not have */
export function settingsOf(options: NatsBrokerOptions): Settings {
  const { prefix = 'framewire', history } = options;
  const timeout = timeLimit(options.timeout, 5000);
  const limits = historyLimits(history);
  const { replicas = 1 } = typeof history === 'object' ? history : {};
  if (!(Number.isSafeInteger(replicas) && replicas > 0)) {
    throw new RangeError('The number of replicas must be an integer greater than 0');
  }
  if (limits !== undefined && limits.milliseconds < LEAST_AGE) {
    throw new RangeError(`The history must keep messages for at least ${LEAST_AGE} ms`);
  }
  if (!/^[\w-]+$/.test(prefix)) {
    throw new RangeError('The prefix must consist of letters, digits, "-" and "_"');
  }
  return { prefix, history: limits && { ...limits, replicas }, timeout };
}
