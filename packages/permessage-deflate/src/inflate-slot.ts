// A long message while it is inflated: from when it gets a slot until it is delivered.
import { callAll } from './calls.ts';
import type { BudgetedJob, InflateBudget } from './inflate-budget.ts';
import type { InflateJob } from './inflate-job.ts';

/** Counts the output of a message in the budget, and pauses the message while the budget is used up. */
export class InflateSlot implements BudgetedJob {
  readonly #job: InflateJob;
  readonly #budget: InflateBudget;
  readonly #leave: () => void;
  /** Called when the message may begin, and when it may continue. */
  readonly resume: () => void;

  /**
   * @param leave returns the slot
   * @param resume inflates
   */
  constructor(
    job: InflateJob,
    budget: InflateBudget,
    leave: () => void,
    resume: (slot: InflateSlot) => void,
  ) {
    this.#job = job;
    this.#budget = budget;
    this.#leave = leave;
    this.resume = () => {
      resume(this);
    };
  }

  /** Begins now, or when the budget allows it. */
  begin(): void {
    this.#budget.enter(this);
    if (this.mayRun) this.resume();
  }

  /** Counts output of the job. */
  add(bytes: number): void {
    this.#budget.add(bytes);
  }

  /** Whether the job may produce more. If not, {@link InflateSlot.resume} is called when it may. */
  get mayRun(): boolean {
    return this.#budget.mayRun(this);
  }

  /** Delivers the result, if there is one, and leaves. */
  end(deliver?: () => void): void {
    const { length } = this.#job;
    callAll([
      () => deliver?.(),
      () => {
        this.#budget.leave(this, length);
      },
      this.#leave,
    ]);
  }
}
