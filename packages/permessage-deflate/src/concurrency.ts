// How many messages may be under way at a time that take long, over all connections of the process.
import { kernel } from '#kernels';

/** A job that calls `next` once when it is done. */
type Job = (next: () => void) => void;

/** The limit where none is given: each holds memory, or a place on the thread pool. */
export const DEFAULT_CONCURRENCY_LIMIT = 10;

/** Runs jobs in the order in which they come, no more than so many at a time. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #waiting: Job[] = [];
  /** Those that hold memory while they wait, as they have begun elsewhere. */
  readonly #begun: Job[] = [];
  #tookBegun = false;
  #running = 0;
  #isStarting = false;

  /** @param limit 0 = no limit */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** Whether no more jobs that have begun are waiting than there are places: another may begin. */
  get mayBegin(): boolean {
    return this.#begun.length < this.#limit;
  }

  /** @param hasBegun whether it holds more than its input while it waits: such jobs get every other place */
  run(job: Job, hasBegun = false): void {
    (hasBegun ? this.#begun : this.#waiting).push(job);
    this.#startWaiting();
  }

  /** In a loop, not by each other: thousands may be done at once, as those whose connection has closed meanwhile. */
  #startWaiting(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    const thrown: unknown[] = [];
    while (this.#running < this.#limit) {
      const job = this.#next();
      if (job === undefined) break;
      try {
        this.#start(job);
      } catch (error) {
        thrown.push(error);
      }
    }
    this.#isStarting = false;
    for (const error of thrown.splice(1)) {
      kernel.nextTick(() => {
        throw error;
      });
    }
    if (thrown.length > 0) throw thrown[0];
  }

  #next(): Job | undefined {
    this.#tookBegun = this.#begun.length > 0 && !(this.#tookBegun && this.#waiting.length > 0);
    return (this.#tookBegun ? this.#begun : this.#waiting).shift();
  }

  #start(job: Job): void {
    this.#running++;
    job(() => {
      this.#running--;
      this.#startWaiting();
    });
  }
}

let shared: ConcurrencyLimit | undefined;

/** The limit of the process: that of the first connection, as in `ws`. */
export function sharedConcurrency(limit = DEFAULT_CONCURRENCY_LIMIT): ConcurrencyLimit {
  shared ??= new ConcurrencyLimit(limit);
  return shared;
}
