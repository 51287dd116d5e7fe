// A long message while it is inflated: from when it gets a place until it is delivered.
import type { BudgetedJob, InflateBudget } from './inflate-budget.ts';
import type { InflateJob } from './inflate-job.ts';

/** Counts what comes of a message in the budget, and holds it up while that is spent. */
export class InflateStay implements BudgetedJob {
  readonly #job: InflateJob;
  readonly #budget: InflateBudget;
  readonly #leave: () => void;
  /** Called when the message may begin, and when it may go on. */
  readonly goOn: () => void;

  /**
   * @param leave gives the place back
   * @param goOn inflates
   */
  constructor(job: InflateJob, budget: InflateBudget, leave: () => void, goOn: (stay: InflateStay) => void) {
    this.#job = job;
    this.#budget = budget;
    this.#leave = leave;
    this.goOn = () => {
      goOn(this);
    };
  }

  /** Starts, now or when the budget allows it. */
  begin(): void {
    this.#budget.enter(this);
    if (this.mayGoOn) this.goOn();
  }

  /** Counts what the job has taken. */
  add(bytes: number): void {
    this.#budget.add(bytes);
  }

  /** Whether it may make more; if not, {@link InflateStay.goOn} is called when it may. */
  get mayGoOn(): boolean {
    return this.#budget.mayGoOn(this);
  }

  /** Delivers, if something is to be delivered, and leaves. */
  end(deliver?: () => void): void {
    const { length } = this.#job;
    try {
      deliver?.();
    } finally {
      try {
        this.#budget.leave(this, length);
      } finally {
        this.#leave();
      }
    }
  }
}
