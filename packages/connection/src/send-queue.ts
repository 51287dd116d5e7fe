// The order of sends where some need time (a Blob to read, a message to compress): one after the other.

/** A send that has to wait for its turn. It calls `next` once it has been written or has failed. */
export type SendJob = (next: () => void) => void;

interface Entry {
  readonly job: SendJob;
  /** Tells the sender why it came to nothing. */
  readonly abandon: (error: Error) => void;
  /** What it counts in `bufferedAmount`. */
  readonly size: number;
}

/** Runs jobs one at a time, in the order in which they came. */
export class SendQueue {
  readonly #entries: Entry[] = [];
  #running = false;

  /** How many bytes wait. */
  get size(): number {
    return this.#entries.reduce((sum, { size }) => sum + size, 0);
  }

  get isIdle(): boolean {
    return this.#entries.length === 0;
  }

  add(size: number, job: SendJob, abandon: (error: Error) => void): void {
    this.#entries.push({ size, job, abandon });
    this.#run();
  }

  /** Gives all up: the one that runs, too. */
  abandon(error: Error): void {
    for (const entry of this.#entries.splice(0)) entry.abandon(error);
  }

  #run(): void {
    // A loop, not a recursion: many jobs may be done at once.
    while (!this.#running) {
      const entry = this.#entries[0];
      if (entry === undefined) return;
      this.#running = true;
      let returned = false;
      entry.job(() => {
        if (this.#entries[0] === entry) this.#entries.shift();
        this.#running = false;
        if (returned) this.#run();
      });
      returned = true;
    }
  }
}
