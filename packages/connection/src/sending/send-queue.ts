// The order of sends where some need time (a Blob to read, a message to compress): one after the other.
import { settle, throwLater, type SendCallback } from './send-callback.ts';

/** A send that has to wait for its turn. It calls `next` once it has been written or has failed. */
export type SendJob = (next: () => void) => void;

interface Entry {
  /** Undefined once it runs: it holds what is sent, of which the extension may have a copy. */
  job: SendJob | undefined;
  /** The sender's, told if it comes to nothing; else the job tells it. */
  readonly done: SendCallback | undefined;
  /** What it counts in `bufferedAmount`. */
  readonly size: number;
}

/** Runs jobs one at a time, in the order in which they came. */
export class SendQueue {
  readonly #failed: (error: Error, done: SendCallback | undefined) => void;
  /** Those that wait, and the one that runs, from `#first` on. */
  #entries: Entry[] = [];
  #first = 0;
  #size = 0;
  #running = false;

  /** @param failed is told of a job that threw when it had had to wait, and of its sender's callback. Must not throw. */
  constructor(failed: (error: Error, done: SendCallback | undefined) => void) {
    this.#failed = failed;
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#size;
  }

  get isIdle(): boolean {
    return this.#first === this.#entries.length;
  }

  /** Runs a job, at once if none is before it. What it throws then is thrown to the sender. */
  add(size: number, job: SendJob, done: SendCallback | undefined): void {
    const entry = { size, job, done };
    const isNext = this.isIdle;
    this.#entries.push(entry);
    this.#size += size;
    try {
      if (isNext) this.#begin(entry);
    } catch (error) {
      this.#end(entry);
      throw error;
    } finally {
      this.#run();
    }
  }

  /** The socket is gone: gives all up, the one that runs too, and tells the senders. */
  abandon(): void {
    this.#running = false;
    this.#abandonFrom(this.#first);
  }

  /** Nothing can be sent behind the first any more, or the one that runs: gives the others up, and tells the senders. */
  abandonBehind(): void {
    this.#abandonFrom(this.#first + 1);
  }

  #abandonFrom(index: number): void {
    // An error's stack is 5 % of what an upgrade with its close costs: only where somebody hears of it.
    if (index >= this.#entries.length) return;
    const waiting = this.#entries.splice(index);
    for (const { size } of waiting) this.#size -= size;
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
      try {
        this.#begin(entry);
      } catch (error) {
        if (this.#entries[this.#first] !== entry) throwLater(error);
        else {
          this.#failed(error as Error, entry.done);
          this.#end(entry);
        }
      }
    }
  }

  #begin(entry: Entry): void {
    this.#running = true;
    let returned = false;
    const { job } = entry;
    entry.job = undefined;
    try {
      job?.(() => {
        this.#end(entry);
        if (returned) this.#run();
      });
    } finally {
      returned = true;
    }
  }

  /** Makes room for the next, unless the job is over or was given up. */
  #end(entry: Entry): void {
    if (this.#entries[this.#first] !== entry) return;
    this.#running = false;
    this.#size -= entry.size;
    this.#first++;
    // Those that are over are not held for long, though it may never be idle; to remove each alone would move all the others.
    if (2 * this.#first < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#first = 0;
  }
}
