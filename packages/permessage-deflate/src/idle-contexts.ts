// When contexts are given up: those that have not been used for a while, by one timer for all of them.
import { kernel } from '#kernels';
import type { Timer } from './kernels/kernel.ts';

/** The longest time that a timer of Node's takes, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

/** Who holds a context that can be given up. */
export interface ContextHolder {
  /** Gives it up, unless it is at work. */
  dropContext(): void;
}

/**
 * Contexts, and whether they are used. Time goes in rounds, so that a use costs no timer: a context is given up after one to two
 * rounds without one. The timer runs only while there are contexts, and keeps no process alive.
 */
export class IdleContexts {
  readonly #round: number;
  #used = new Set<ContextHolder>();
  /** Those that were last used in the round before. */
  #unused = new Set<ContextHolder>();
  #timer: Timer | undefined = undefined;

  /** @param round in milliseconds */
  constructor(round: number) {
    this.#round = Math.min(round, MAX_DELAY);
  }

  /** A message has been compressed with the context, which stays. */
  use(holder: ContextHolder): void {
    this.#unused.delete(holder);
    this.#used.add(holder);
    if (this.#timer === undefined) this.#timer = this.#startRound();
  }

  /** The context is there no more. */
  delete(holder: ContextHolder): void {
    this.#unused.delete(holder);
    this.#used.delete(holder);
  }

  readonly #endRound = (): void => {
    const idle = this.#unused;
    this.#unused = this.#used;
    this.#used = new Set();
    this.#timer = this.#unused.size === 0 ? undefined : this.#startRound();
    for (const holder of idle) holder.dropContext();
  };

  #startRound(): Timer {
    return kernel.setTimeout(this.#endRound, this.#round);
  }
}
