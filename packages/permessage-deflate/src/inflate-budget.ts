// How many bytes may be inflated and not yet delivered, over all connections of the process.

/** The budget where none is given, in bytes. */
export const DEFAULT_INFLATE_BUDGET = 64 * 1024 * 1024;

/** A message that is being inflated, in turns with others. */
export interface BudgetedJob {
  /** Called once, when a job that {@link InflateBudget.mayGoOn} refused may continue. */
  goOn(): void;
}

/**
 * Stops jobs while too many inflated bytes have not been delivered. The oldest job is never held up: every message arrives,
 * however long, and the total exceeds the budget by no more than one message and a buffer of each of the others.
 */
export class InflateBudget {
  readonly #limit: number;
  #bytes = 0;
  /** Those that have a place, the oldest first. */
  readonly #jobs = new Set<BudgetedJob>();
  readonly #held = new Set<BudgetedJob>();
  #isReleasing = false;

  /** @param limit in bytes; 0 = no limit */
  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** How many bytes are inflated and not delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts bytes that were inflated. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** These bytes have been delivered, or thrown away. */
  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#release();
  }

  enter(job: BudgetedJob): void {
    this.#jobs.add(job);
  }

  /** @param bytes what was counted for the job, which has been delivered or thrown away */
  leave(job: BudgetedJob, bytes = 0): void {
    this.#jobs.delete(job);
    this.#held.delete(job);
    this.#bytes -= bytes;
    this.#release();
  }

  /** Whether a job that has entered may make more; if not, its `goOn()` is called when it may. */
  mayGoOn(job: BudgetedJob): boolean {
    if (this.#allows(job)) return true;
    this.#held.add(job);
    return false;
  }

  #allows(job: BudgetedJob): boolean {
    return this.#bytes < this.#limit || this.#jobs.values().next().value === job;
  }

  /** In a loop, not recursively: a job whose connection has closed leaves as soon as it goes on. */
  #release(): void {
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    try {
      for (let job = this.#nextAllowed(); job !== undefined; job = this.#nextAllowed()) {
        this.#held.delete(job);
        job.goOn();
      }
    } finally {
      this.#isReleasing = false;
    }
  }

  #nextAllowed(): BudgetedJob | undefined {
    for (const job of this.#held) if (this.#allows(job)) return job;
    return undefined;
  }
}

let shared: InflateBudget | undefined;

/** The budget of the process: that of the first who asks, as it is the memory of the process. */
export function sharedInflateBudget(limit = DEFAULT_INFLATE_BUDGET): InflateBudget {
  shared ??= new InflateBudget(limit);
  return shared;
}
