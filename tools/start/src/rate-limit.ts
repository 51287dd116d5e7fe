/** A token bucket: how often something may happen. */

/**
 * Allows `burst` events at a time and `perSecond` on average. It has no timer: `take()` first adds the tokens for the time that has passed.
 *
 * @example
 * const limit = new RateLimit({ burst: 5, perSecond: 1 });
 * if (!limit.take()) refuse();
 */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #countedAt: number;

  /**
   * @param options.burst The number of events that may happen at a time, at least 1.
   * @param options.perSecond How many tokens come back each second.
   * @param options.now The clock, in milliseconds; by default the monotonic one.
   */
  constructor(options: { burst: number; perSecond: number; now?: () => number }) {
    this.#burst = options.burst;
    this.#perSecond = options.perSecond;
    this.#now = options.now ?? (() => performance.now());
    this.#tokens = options.burst;
    this.#countedAt = this.#now();
  }

  /** Takes a token. Returns false if none is left. */
  take(): boolean {
    const now = this.#now();
    const earned = ((now - this.#countedAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#countedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
