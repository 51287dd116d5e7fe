// The share of a turn of the event loop that work for many clients may take.
import { now, setImmediate } from '@framewire/connection';

/** In ms. Short, because the connections write what they were sent at the end of the turn, and that can take longer. */
const SHARE = 2;

export class TurnShare {
  #start = now();

  get isUsedUp(): boolean {
    return now() - this.#start >= SHARE;
  }

  /** Resolves in the next turn, which has a share of its own. */
  async next(): Promise<void> {
    await endOfTurn();
    this.#start = now();
  }
}

/** Resolves after what the current turn of the event loop still does. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
