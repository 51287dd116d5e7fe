// How long to wait before the next attempt. Pure, but for the randomness.
import type { Settings } from './options.ts';

/** The longest delay of a timer: more would fire immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Bounds = Pick<Settings, 'maxReconnectionDelay' | 'minReconnectionDelay' | 'reconnectionDelayGrowFactor'>;

/**
 * A delay in ms with full jitter: anywhere between the minimum and a bound that grows with each retry. Clients that were cut off at the
 * same moment therefore do not come back at the same moment, and neither do their second attempts.
 *
 * @param retry 1 for the first attempt that follows another
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
 * The milliseconds that a header `Retry-After` asks for (RFC 9110 §10.2.3); 0 where there is none, or it is malformed.
 *
 * @param now the time, in ms, that a date in it is compared with
 */
export function retryAfter(value: string | string[] | undefined, now: number): number {
  const text = String(value ?? '').trim();
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return milliseconds > 0 ? Math.min(milliseconds, LONGEST_TIMER / 2) : 0;
}
