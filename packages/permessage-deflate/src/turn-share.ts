// How much of a turn of the event loop compression may take, over all connections: the rest waits for the next turn.
import { kernel } from '#kernels';

/** The work of one turn, in bytes that are inflated: a millisecond or a few. It can be exceeded by one step. */
export const TURN_OUTPUT = 1024 * 1024;
/** What one call of an engine counts, in bytes of output: short messages, and streams that end, cost time too. */
const CALL_OUTPUT = 2048;

/** Counts the work on the event loop, and runs what waits in the order in which it came, one message of each at a time. */
export class TurnShare {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #spent = 0;
  #isScheduled = false;

  /** @param limit the work of one turn, in bytes that are inflated */
  constructor(limit = TURN_OUTPUT) {
    this.#limit = limit;
  }

  /** Whether a message may be worked on now. Not before those that wait, or one peer's messages would pass all others. */
  get isOpen(): boolean {
    return this.#spent < this.#limit && this.#waiting.length === 0;
  }

  /** Counts work: bytes that were inflated, or as many as take as long. */
  spend(bytes: number, calls: number): void {
    this.#spent += bytes + calls * CALL_OUTPUT;
    // Light load needs no callback each turn: counts of several turns are added up until they may matter.
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
      // Also after a listener that threw.
      if (this.#waiting.length > 0) this.#schedule();
    }
  };
}

/** That of the process: there is one event loop. */
export const turnShare = new TurnShare();
