// Keeps sends in order when some of them need time: a Blob to read, or a message to compress.
import type { Ledger } from './ledger.ts';
import { settle, type SendCallback } from './send-callback.ts';

/**
 * Sends a message. If that needs time, returns a promise, which must not reject. The promise resolves with false if the stream was
 * destroyed or ended first. In that case the job has not called the callback.
 */
export type SendJob = () => Promise<boolean> | undefined;

interface Entry {
  /** Undefined once the job runs. The job references the message, which is no longer needed if the extension has copied it. */
  job: SendJob | undefined;
  /** The callback of the send. The queue calls it when it gives up the job. Otherwise the job calls it. */
  readonly done: SendCallback | undefined;
  /** The size of the message in bytes, for the ledger. */
  readonly size: number;
}

/** Runs jobs one at a time, in the order in which they were added. */
export class SendQueue {
  readonly #ledger: Ledger;
  readonly #failed: (error: Error, done: SendCallback | undefined) => void;
  readonly #lost: () => void;
  /** The running job and the waiting ones, from index `#head` on. */
  #entries: Entry[] = [];
  #head = 0;

  /**
   * @param failed is called with the exception that a job has thrown, and with the callback of its send. Must not throw
   * @param lost is called when a job finds that the stream was destroyed or ended
   */
  constructor(
    ledger: Ledger,
    failed: (error: Error, done: SendCallback | undefined) => void,
    lost: () => void,
  ) {
    this.#ledger = ledger;
    this.#failed = failed;
    this.#lost = lost;
  }

  get isIdle(): boolean {
    return this.#head === this.#entries.length;
  }

  /** Adds a send that is already running. Requires an idle queue. Later jobs wait for it. */
  hold(size: number, running: Promise<boolean>, done: SendCallback | undefined): void {
    this.await(running, this.push(size, undefined, done));
  }

  /** Adds a job, which runs after those before it. */
  add(size: number, job: SendJob, done: SendCallback | undefined): void {
    this.push(size, job, done);
  }

  /** The socket is closed: gives up all jobs, including the running one, and calls their callbacks with an error. */
  abandon(): void {
    this.abandonFrom(this.#head);
  }

  /** Nothing can be sent after the running job: gives up the others, and calls their callbacks with an error. */
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
    // Without waiting jobs, create no error: capturing its stack would make closing slower (benchmark scenario `upgrade`).
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
      if (!isOver) this.#lost();
      else if (this.end(entry)) this.run();
    });
  }

  /**
   * Runs jobs until one needs time. A loop rather than a recursion, because many jobs may end immediately. It stops at an entry without
   * a job, because that send is already running: a listener of `drain` may have started it when the job before it ended.
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

  /** Removes an entry whose job has ended. Returns false if the queue has given it up. */
  private end(entry: Entry): boolean {
    if (this.#entries[this.#head] !== entry) return false;
    this.#head++;
    // Ended entries are removed in groups, because removing each one would move all others, and the queue may never be idle.
    if (2 * this.#head >= this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    // Last, because a listener of `drain` may send something.
    this.#ledger.dequeue(entry.size);
    return true;
  }
}
