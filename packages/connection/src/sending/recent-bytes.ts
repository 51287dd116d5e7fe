// How much a stream was given so recently that the peer cannot have read it.
import { setImmediate } from '../scheduling.ts';

/** Counts turns of the event loop, as long as somebody asks. */
let turn = 0;
let counting = false;
/** How many turns have passed since somebody asked. */
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
  // What counts turns keeps no process alive.
  setImmediate(() => {
    turn++;
    if (unasked++ < 2) countTurn();
    else counting = false;
  }).unref();
}

/** The bytes of this turn of the event loop and of the one before: a turn may end just after they were written. */
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
