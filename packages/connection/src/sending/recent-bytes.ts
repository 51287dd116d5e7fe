// How many bytes a stream was given so recently that the peer cannot have read them.
import { setImmediate } from '../scheduling.ts';

/** The number of the current turn of the event loop. Turns are counted only while `currentTurn()` is being used. */
let turn = 0;
let counting = false;
/** How many turns have passed since the last call of `currentTurn()`. */
let unasked = 0;

function currentTurn(): number {
  unasked = 0;
  if (!counting) {
    counting = true;
    countTurn();
  }
  return turn;
}

function countTurn(): void {
  // Counting must not keep the process alive.
  setImmediate(() => {
    turn++;
    if (unasked++ < 2) countTurn();
    else counting = false;
  }).unref();
}

/** The bytes of this turn of the event loop and of the one before. This turn would not be enough: it may start immediately after a write. */
export class RecentBytes {
  #turn = currentTurn();
  #now = 0;
  #before = 0;

  add(bytes: number): void {
    this.pass();
    this.#now += bytes;
  }

  count(): number {
    this.pass();
    return this.#now + this.#before;
  }

  private pass(): void {
    const now = currentTurn();
    if (now === this.#turn) return;
    this.#before = now === this.#turn + 1 ? this.#now : 0;
    this.#now = 0;
    this.#turn = now;
  }
}
