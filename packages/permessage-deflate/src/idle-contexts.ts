// Drops contexts that have not been used for a while, with one timer for all of them.
import { kernel, type Timer } from './kernels/kernel.ts';

/** The longest delay of a timer in Node, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How many contexts are dropped in one turn of the event loop. Each takes some time, because a smaller one replaces it. */
export const DROPPED_AT_ONCE = 32;

/** Holds a context that can be dropped. */
export interface ContextHolder {
  /** Drops the context, unless it is in use. */
  dropContext(): void;
}

/**
 * Tracks the use of contexts in rounds, so that a use does not need a timer of its own. A context is dropped after one to two rounds
 * without use; if there are many, a few turns of the event loop later. The timer runs only while there are contexts, and does not keep
 * the process alive.
 */
export class IdleContexts {
  readonly #round: number;
  #used = new Set<ContextHolder>();
  /** Contexts that were last used in the previous round. */
  #unused = new Set<ContextHolder>();
  /** Contexts to drop. */
  readonly #idle = new Set<ContextHolder>();
  #timer: Timer | undefined = undefined;

  /** @param round in milliseconds */
  constructor(round: number) {
    this.#round = Math.min(round, LONGEST_TIMER);
  }

  /** Records that a message has been compressed with the context. */
  use(holder: ContextHolder): void {
    this.#idle.delete(holder);
    this.#unused.delete(holder);
    this.#used.add(holder);
    if (this.#timer === undefined) this.#timer = this.#startRound();
  }

  /** Forgets a closed context. */
  delete(holder: ContextHolder): void {
    this.#idle.delete(holder);
    this.#unused.delete(holder);
    this.#used.delete(holder);
  }

  readonly #endRound = (): void => {
    const isDropping = this.#idle.size > 0;
    for (const holder of this.#unused) this.#idle.add(holder);
    this.#unused = this.#used;
    this.#used = new Set();
    this.#timer = this.#unused.size === 0 ? undefined : this.#startRound();
    if (!isDropping) this.#dropSome();
  };

  readonly #dropSome = (): void => {
    const some: ContextHolder[] = [];
    for (const holder of this.#idle) {
      if (some.push(holder) === DROPPED_AT_ONCE) break;
    }
    for (const holder of some) this.#idle.delete(holder);
    if (this.#idle.size > 0) kernel.setImmediate(this.#dropSome);
    for (const holder of some) holder.dropContext();
  };

  #startRound(): Timer {
    return kernel.setTimeout(this.#endRound, this.#round);
  }
}
