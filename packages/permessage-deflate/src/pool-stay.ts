// The stay of a message on the thread pool while it is inflated: from when it gets a place until it is delivered.
import type { Buffer } from 'node:buffer';
import type { BudgetedJob, InflateBudget } from './inflate-budget.ts';
import type { InflateJob } from './inflate-job.ts';
import type { ZlibEngine } from './zlib-engine.ts';

/** Counts what comes of a message in the budget, and holds its engine up while that is spent. */
export class PoolStay implements BudgetedJob {
  readonly #job: InflateJob;
  readonly #budget: InflateBudget;
  readonly #leave: () => void;
  readonly #start: () => void;
  /** The engine at work. */
  #engine: ZlibEngine | undefined = undefined;

  /**
   * @param leave gives the place back
   * @param start begins to inflate
   */
  constructor(job: InflateJob, budget: InflateBudget, leave: () => void, start: () => void) {
    this.#job = job;
    this.#budget = budget;
    this.#leave = leave;
    this.#start = start;
  }

  /** Starts, now or when the budget allows it: until then no engine is taken. */
  begin(): void {
    this.#budget.enter(this);
    if (this.#budget.mayGoOn(this)) this.#start();
  }

  goOn(): void {
    if (this.#engine === undefined) this.#start();
    else this.#engine.resume();
  }

  /** Inflates the rest of the message, or its first stream, with an engine. */
  run(engine: ZlibEngine, done: (error: Error | null) => void): void {
    this.#engine = engine;
    engine.runLater(this.#job.rest, this.#takeAway, done);
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

  /** Counts output; false once it is too much for the message. */
  take(chunk: Buffer): boolean {
    this.#budget.add(chunk.length);
    return this.#job.take(chunk);
  }

  readonly #takeAway = (chunk: Buffer): boolean => {
    if (!this.take(chunk)) return false;
    if (!this.#budget.mayGoOn(this)) this.#engine?.pause();
    return true;
  };
}
