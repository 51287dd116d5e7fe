// Limits how many inflated bytes may wait for delivery, over all connections of the process.
import { callAll } from './calls.ts';

/** The default budget, in bytes. */
export const DEFAULT_INFLATE_BUDGET = 64 * 1024 * 1024;

/** A message that is being inflated in turns with others. */
export interface BudgetedJob {
  /** Called once, when a job that {@link InflateBudget.mayRun} refused may continue. */
  resume(): void;
}

/**
 * Stops jobs while too many inflated bytes wait for delivery. It never stops the oldest job, so that every message arrives, however
 * long. The total exceeds the budget by at most one message, and one buffer for each other job.
 */
export class InflateBudget {
  readonly #limit: number;
  #bytes = 0;
  /** Running jobs, the oldest first. */
  readonly #jobs = new Set<BudgetedJob>();
  readonly #held = new Set<BudgetedJob>();
  #isReleasing = false;

  /** @param limit in bytes; 0 = no limit */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** How many inflated bytes wait for delivery. */
  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  enter(job: BudgetedJob): void {
    this.#jobs.add(job);
  }

  /** @param bytes what was counted for the job, and is now delivered or discarded */
  leave(job: BudgetedJob, bytes = 0): void {
    this.#jobs.delete(job);
    this.#held.delete(job);
    this.#bytes -= bytes;
    this.#release();
  }

  /** Whether an entered job may produce more. If not, its `resume()` is called when it may. */
  mayRun(job: BudgetedJob): boolean {
    if (this.#allows(job)) return true;
    this.#held.add(job);
    return false;
  }

  #allows(job: BudgetedJob): boolean {
    return this.#bytes < this.#limit || this.#jobs.values().next().value === job;
  }

  /** Uses a loop, not recursion: a job whose connection has closed leaves as soon as it continues. */
  #release(): void {
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    try {
      callAll(this.#releases());
    } finally {
      this.#isReleasing = false;
    }
  }

  *#releases(): Iterable<() => void> {
    for (let job = this.#nextAllowed(); job !== undefined; job = this.#nextAllowed()) {
      this.#held.delete(job);
      yield job.resume.bind(job);
    }
  }

  #nextAllowed(): BudgetedJob | undefined {
    for (const job of this.#held) if (this.#allows(job)) return job;
    return undefined;
  }
}

let shared: InflateBudget | undefined;

/** The budget of the process. The first connection sets it, because all connections share the memory. */
export function sharedInflateBudget(limit = DEFAULT_INFLATE_BUDGET): InflateBudget {
  shared ??= new InflateBudget(limit);
  return shared;
}
