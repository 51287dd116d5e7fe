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
  /** Those that wait, and the one that runs, from `#first` on. */
  #entries: Entry[] = [];
  #first = 0;
  #size = 0;
  #running = false;

  /** How many bytes wait. */
  get size(): number {
    return this.#size;
  }

  get isIdle(): boolean {
    return this.#first === this.#entries.length;
  }

  add(size: number, job: SendJob, abandon: (error: Error) => void): void {
    this.#entries.push({ size, job, abandon });
    this.#size += size;
    this.#run();
  }

  /** Gives all up: the one that runs, too. */
  abandon(error: Error): void {
    const entries = this.#entries.slice(this.#first);
    this.#entries = [];
    this.#first = 0;
    this.#size = 0;
    for (const entry of entries) entry.abandon(error);
  }

  #run(): void {
    // A loop, not a recursion: many jobs may be done at once.
    while (!this.#running) {
      const entry = this.#entries[this.#first];
      if (entry === undefined) return;
      this.#running = true;
      let returned = false;
      let threw = true;
      try {
        entry.job(() => {
          this.#remove(entry);
          this.#running = false;
          if (returned) this.#run();
        });
        threw = false;
      } finally {
        returned = true;
        if (threw) {
          this.#remove(entry);
          this.#running = false;
        }
      }
    }
  }

  #remove(entry: Entry): void {
    // It was given up meanwhile.
    if (this.#entries[this.#first] !== entry) return;
    this.#size -= entry.size;
    this.#first++;
    if (!this.isIdle) return;
    this.#entries = [];
    this.#first = 0;
  }
}
