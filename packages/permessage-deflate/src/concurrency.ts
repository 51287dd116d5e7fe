// Limits how many long messages are processed at a time, over all connections of the process.
import { callAll } from './calls.ts';

/** A job that calls `next` once when it is done. */
type Job = (next: () => void) => void;

/** The default limit. Each running job holds memory, or a slot in the thread pool. */
export const DEFAULT_CONCURRENCY_LIMIT = 10;

/** Runs jobs in order, at most `limit` at a time. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #waiting: Job[] = [];
  /** Jobs that hold memory while they wait, because they have begun outside of the limit. */
  readonly #begun: Job[] = [];
  #tookBegun = false;
  #running = 0;
  #isStarting = false;

  /** @param limit 0 = no limit */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** Whether another job may begin outside of the limit: fewer such jobs wait than there are slots. */
  get mayBegin(): boolean {
    return this.#begun.length < this.#limit;
  }

  /** @param hasBegun whether the job holds more than its input while it waits; such jobs get every other slot */
  run(job: Job, hasBegun = false): void {
    (hasBegun ? this.#begun : this.#waiting).push(job);
    this.#startWaiting();
  }

  /** Uses a loop, not recursion: thousands of jobs may end immediately, for example because their connections have closed. */
  #startWaiting(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      callAll(this.#starts());
    } finally {
      this.#isStarting = false;
    }
  }

  *#starts(): Iterable<() => void> {
    while (this.#running < this.#limit) {
      const job = this.#next();
      if (job === undefined) return;
      yield () => {
        this.#start(job);
      };
    }
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

/** The limit of the process. As in `ws`, the first connection sets it. */
export function sharedConcurrency(limit = DEFAULT_CONCURRENCY_LIMIT): ConcurrencyLimit {
  shared ??= new ConcurrencyLimit(limit);
  return shared;
}
