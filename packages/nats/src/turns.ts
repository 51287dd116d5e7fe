// Limits how many tasks run at the same time.

export class Turns {
  #free: number;
  /** Functions that start the tasks that wait. */
  readonly #waiting: (() => void)[] = [];

  /** @param most how many tasks may run at the same time */
  constructor(most: number) {
    this.#free = most;
  }

  /** Runs a task, once fewer than the limit run. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const start = this.#waiting.shift();
      if (start === undefined) this.#free++;
      else start();
    }
  }
}
