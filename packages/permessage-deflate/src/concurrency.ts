// How many messages may be on the thread pool at a time, over all connections of the process.

/** A job that calls `next` once when it is done. */
type Job = (next: () => void) => void;

/** The limit where none is given: more at a time fragment the heap and keep others from the thread pool. */
export const DEFAULT_CONCURRENCY_LIMIT = 10;

/** Runs jobs in the order in which they come, no more than so many at a time. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #waiting: Job[] = [];
  #running = 0;

  /** @param limit 0 = no limit */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  run(job: Job): void {
    if (this.#running < this.#limit) this.#start(job);
    else this.#waiting.push(job);
  }

  #start(job: Job): void {
    this.#running++;
    job(() => {
      this.#running--;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    });
  }
}

let shared: ConcurrencyLimit | undefined;

/** The limit of the process: that of the first who asks, as in `ws`, since it is the thread pool that is shared. */
export function sharedConcurrency(limit = DEFAULT_CONCURRENCY_LIMIT): ConcurrencyLimit {
  shared ??= new ConcurrencyLimit(limit);
  return shared;
}
