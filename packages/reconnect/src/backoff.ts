// The delay before the next attempt. The functions are pure: the caller passes the random number and the time.
import type { Settings } from './options.ts';

/** Half of the longest delay of a timer, in ms, because two delays are added. A timer with a longer delay fires immediately. */
export const LONGEST_DELAY = 2 ** 30 - 1;

type Bounds = Pick<Settings, 'maxReconnectionDelay' | 'minReconnectionDelay' | 'reconnectionDelayGrowFactor'>;

/**
 * Returns a delay in ms with full jitter: a random value between the minimum and a bound that grows with each retry. Clients that lose
 * their connections at the same time therefore reconnect at different times.
 *
 * @param retry 1 for the first retry
 * @param random from 0 to 1
 */
export function backoff(retry: number, bounds: Bounds, random: number): number {
  const {
    minReconnectionDelay: min,
    maxReconnectionDelay: max,
    reconnectionDelayGrowFactor: factor,
  } = bounds;
  const bound = Math.max(min, Math.min(max, min * factor ** retry));
  return min + random * (bound - min);
}

/**
 * Returns the delay in ms of a `Retry-After` header (RFC 9110 §10.2.3); 0 if it is absent or malformed.
 *
 * @param now the current time in ms, for a header with a date
 */
export function retryAfter(value: string | string[] | undefined, now: number): number {
  const text = String(value ?? '');
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : parseDate(text) - now;
  return milliseconds > 0 ? Math.min(milliseconds, LONGEST_DELAY) : 0;
}

/** Parses an HTTP date (RFC 9110 §5.6.7). `Date.parse()` also accepts other text, for example `-99999` as a year. */
function parseDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return NaN;
  // The obsolete format of `asctime()` has no time zone.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
