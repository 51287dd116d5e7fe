/** The meter: counts messages and bytes, and keeps the messages and round trips of the last minute. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

/** How far back the meter goes, in seconds. */
export const WINDOW_S = 60;

/**
 * The messages of one second.
 *
 * @typedef {{ second: number, out: number, in: number }} Bucket
 */

/**
 * A round trip that the server has measured. `at` is when it was reported, in seconds on the clock of `performance.now()`.
 * `milliseconds` is null where the connection was lost.
 *
 * @typedef {{ at: number, milliseconds: number | null }} Trip
 */

export class Meter {
  /** @type {Trip[]} */
  #trips = [];
  /** @type {Bucket[]} */
  #buckets = [];
  bytesOut = 0;
  bytesIn = 0;
  /** When the current connection was opened, in seconds; undefined while there is none. */
  #openedAt = /** @type {number | undefined} */ (undefined);

  /** To be called when the connection opens. */
  opened() {
    this.#openedAt = seconds();
  }

  /** To be called when the connection is lost. The curve gets a gap. */
  lost() {
    if (this.#openedAt !== undefined) this.measured(null);
    this.#openedAt = undefined;
  }

  /** @param {{ direction: 'in' | 'out', bytes: number }} traffic One message. */
  count({ direction, bytes }) {
    if (direction === 'in') this.bytesIn += bytes;
    else this.bytesOut += bytes;
    this.#bucket()[direction] += 1;
  }

  /** @param {number | null} milliseconds A round trip, or null for a gap in the curve. */
  measured(milliseconds) {
    const at = seconds();
    this.#trips.push({ at, milliseconds });
    this.#trips = this.#trips.filter((trip) => trip.at >= at - WINDOW_S - 2);
  }

  /** The round trips of the last minute, oldest first. */
  get trips() {
    return this.#trips;
  }

  /** The seconds of the last minute that had messages, oldest first. */
  get buckets() {
    return this.#buckets;
  }

  /** How long the connection has been open, in seconds; undefined while there is none. */
  get age() {
    return this.#openedAt === undefined ? undefined : seconds() - this.#openedAt;
  }

  /**
   * Messages a second, over the last three whole seconds.
   *
   * @param {'in' | 'out'} direction
   */
  rate(direction) {
    const now = Math.floor(seconds());
    const recent = this.#buckets.filter(({ second }) => second >= now - 3 && second < now);
    return recent.reduce((sum, bucket) => sum + bucket[direction], 0) / 3;
  }

  /** The latest, the median and the longest round trip of the last minute, in milliseconds; undefined before the first. */
  summary() {
    const measured = this.#trips.flatMap(({ milliseconds }) => (milliseconds === null ? [] : [milliseconds]));
    const latest = measured.at(-1);
    if (latest === undefined) return undefined;
    const sorted = measured.toSorted((a, b) => a - b);
    return {
      latest,
      median: sorted[sorted.length >> 1] ?? latest,
      longest: sorted.at(-1) ?? latest,
    };
  }

  /** The bucket of this second. */
  #bucket() {
    const second = Math.floor(seconds());
    const last = this.#buckets.at(-1);
    if (last?.second === second) return last;
    const bucket = { second, out: 0, in: 0 };
    this.#buckets = this.#buckets.filter((old) => old.second >= second - WINDOW_S - 2);
    this.#buckets.push(bucket);
    return bucket;
  }
}

/** Seconds on the clock of `performance.now()`. */
export function seconds() {
  return performance.now() / 1000;
}
