// The order of sends of which some need time (a Blob to read, a message to compress): one after the other.
import type { Ledger } from './ledger.ts';
import { settle, type SendCallback } from './send-callback.ts';

/**
 * Sends something. Where that needs time, a promise, which must not reject: false if the stream was destroyed before, so that the sender
 * is still to be told.
 */
export type SendJob = () => Promise<boolean> | undefined;

interface Entry {
  /** Undefined once it runs: it holds what is sent, of which the extension may have a copy. */
  job: SendJob | undefined;
  /** The sender's, told if it comes to nothing; else the job tells it. */
  readonly done: SendCallback | undefined;
  /** How many bytes it has waiting. */
  readonly size: number;
}

/** Runs jobs one at a time, in the order in which they came. */
export class SendQueue {
  readonly #ledger: Ledger;
  readonly #failed: (error: Error, done: SendCallback | undefined) => void;
  /** Those that wait, and the one that runs, from `#head` on. */
  #entries: Entry[] = [];
  #head = 0;

  /** @param failed is told of a job that threw, and of its sender's callback. Must not throw. */
  constructor(ledger: Ledger, failed: (error: Error, done: SendCallback | undefined) => void) {
    this.#ledger = ledger;
    this.#failed = failed;
  }

  get isIdle(): boolean {
    return this.#head === this.#entries.length;
  }

  /** Adds what is under way already, where the queue is idle: others wait for it. */
  hold(size: number, running: Promise<boolean>, done: SendCallback | undefined): void {
    this.await(running, this.push(size, undefined, done));
  }

  /** Adds a job that waits for those before it. */
  add(size: number, job: SendJob, done: SendCallback | undefined): void {
    this.push(size, job, done);
  }

  /** The socket is gone: gives all up, the one that runs too, and tells the senders. */
  abandon(): void {
    this.abandonFrom(this.#head);
  }

  /** Nothing can be sent after the first any more, which is the one that runs: gives the others up, and tells the senders. */
  abandonOthers(): void {
    this.abandonFrom(this.#head + 1);
  }

  private push(size: number, job: SendJob | undefined, done: SendCallback | undefined): Entry {
    const entry = { size, job, done };
    this.#entries.push(entry);
    this.#ledger.enqueue(size);
    return entry;
  }

  private abandonFrom(index: number): void {
    // An error's stack is 5 % of what an upgrade with its close costs: only where somebody hears of it.
    if (index >= this.#entries.length) return;
    const waiting = this.#entries.splice(index);
    for (const { size } of waiting) this.#ledger.dequeue(size);
    settle(
      waiting.map(({ done }) => done).filter((done) => done !== undefined),
      new Error('The socket was closed before the data could be sent'),
    );
  }

  private await(running: Promise<boolean>, entry: Entry): void {
    void running.then((isOver) => {
      if (isOver && this.end(entry)) this.run();
    });
  }

  /**
   * Runs jobs until one needs time. A loop, not a recursion: many may be done immediately. An entry without a job runs already: when the
   * last one ends, a listener of `drain` may have sent something that holds the queue.
   */
  private run(): void {
    for (let entry; (entry = this.#entries[this.#head]) !== undefined && entry.job !== undefined;) {
      const running = this.begin(entry);
      if (running !== undefined) {
        this.await(running, entry);
        return;
      }
      this.end(entry);
    }
  }

  private begin(entry: Entry): Promise<boolean> | undefined {
    const { job } = entry;
    entry.job = undefined;
    try {
      return job?.();
    } catch (error) {
      this.#failed(error as Error, entry.done);
      return undefined;
    }
  }

  /** Makes room for the next; false if the job was given up. */
  private end(entry: Entry): boolean {
    if (this.#entries[this.#head] !== entry) return false;
    this.#head++;
    // Those that are over are not held for long, though it may never be idle; to remove each alone would move all the others.
    if (2 * this.#head >= this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    // Last, because a listener of `drain` may send something.
    this.#ledger.dequeue(entry.size);
    return true;
  }
}
