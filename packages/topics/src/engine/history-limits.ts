// What a history keeps of each topic.

/** The limits of a history. */
export interface HistoryLimits {
  /** How many of the newest messages are kept. */
  readonly messages: number;
  /** For how many milliseconds after the last one they are kept. `Infinity` if they do not expire. */
  readonly milliseconds: number;
}

const DEFAULTS: HistoryLimits = { messages: 1000, milliseconds: 300_000 };

/** The option `history` of a broker. */
export type HistoryOption =
  boolean | { readonly [Limit in keyof HistoryLimits]?: number | undefined } | undefined;

/**
 * The limits that the option `history` of a broker sets: 1000 messages and 5 minutes by default, or undefined without a history.
 *
 * @throws `RangeError` for limits that are not above 0, and for a number of messages that is not an integer
 */
export function historyLimits(history: HistoryOption = false): HistoryLimits | undefined {
  if (history === false) return undefined;
  const { messages = DEFAULTS.messages, milliseconds = DEFAULTS.milliseconds } =
    history === true ? {} : history;
  if (!(Number.isSafeInteger(messages) && messages > 0 && milliseconds > 0)) {
    throw new RangeError(
      'The limits of the history must be greater than 0, and the number of messages an integer',
    );
  }
  return { messages, milliseconds };
}
