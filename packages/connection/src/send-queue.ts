// The order of sends where some need time (a Blob to read, a message to compress): one after the other.
import { settle, type SendCallback } from './send-callback.ts';

/** A send that has to wait for its turn. It calls `next` once it has been written or has failed. */
export type SendJob = (next: () => void) => void;

interface Entry {
  readonly job: SendJob;
  /** The sender's, told if it comes to nothing; else the job tells it. */
  readonly done: SendCallback | undefined;
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

  add(size: number, job: SendJob, done: SendCallback | undefined): void {
    this.#entries.push({ size, job, done });
    this.#size += size;
    this.#run();
  }

  /** The socket is gone: gives all up, the one that runs too, and tells the senders. */
  abandon(): void {
    // An error's stack is 5 % of what an upgrade with its close costs: only where somebody hears of it.
    if (this.isIdle) return;
    const waiting = this.#entries.slice(this.#first);
    this.#entries = [];
    this.#first = 0;
    this.#size = 0;
    settle(
      waiting.map(({ done }) => done).filter((done) => done !== undefined),
      new Error('The socket was closed before the data could be sent'),
    );
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
