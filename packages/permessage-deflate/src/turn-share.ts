// Limits how much of a turn of the event loop compression may take, over all connections. The rest waits for later turns.
import { kernel } from './kernels/kernel.ts';

/** The work of one turn, in inflated bytes: a few milliseconds. One step may exceed it. */
export const TURN_OUTPUT = 1024 * 1024;
/** The cost of one engine call, in inflated bytes, because short messages and the ends of streams also take time. */
const CALL_OUTPUT = 2048;

/** Counts the work on the event loop, and runs waiting jobs in order, one message of each connection at a time. */
export class TurnShare {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #spent = 0;
  #isScheduled = false;

  /** @param limit the work of one turn, in inflated bytes */
  constructor(limit = TURN_OUTPUT) {
    this.#limit = limit;
  }

  /** Whether a message may be processed now. Waiting jobs go first; otherwise one peer's messages could overtake all others. */
  get isOpen(): boolean {
    return this.#spent < this.#limit && this.#waiting.length === 0;
  }

  /** Counts work: inflated bytes, or the number that takes as long. */
  spend(bytes: number, calls: number): void {
    this.#spent += bytes + calls * CALL_OUTPUT;
    // Light load needs no callback per turn: the counts of several turns add up until they matter.
    if (this.#spent >= this.#limit / 4) this.#schedule();
  }

  /** Runs a job in a later turn. */
  wait(job: () => void): void {
    this.#waiting.push(job);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    kernel.setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isScheduled = false;
    this.#spent = 0;
    try {
      while (this.#spent < this.#limit) {
        const job = this.#waiting.shift();
        if (job === undefined) break;
        job();
      }
    } finally {
      // Also run after a listener has thrown.
      if (this.#waiting.length > 0) this.#schedule();
    }
  };
}

/** The share of the process, which has one event loop. */
export const turnShare = new TurnShare();
