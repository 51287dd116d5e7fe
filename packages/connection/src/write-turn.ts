// When queued bytes leave: at the end of the turn in which they were queued, for all connections at once. With a write for each
// message 16 short ones a turn take 5 times as long, and 100 take 10 times (`echo-64x16` and `push-64` of the benchmark).
import process from 'node:process';
import { forgetSharedFrames } from './shared-frame.ts';

/** Something that holds bytes back until its turn ends. */
export interface Flushable {
  /** Lets go of what was queued. Must not throw. */
  endTurn(): void;
}

let queue: Flushable[] = [];
/** How many chunks are being handled: sends made meanwhile leave when the outermost is done. */
let handling = 0;
let scheduled = false;
let watchesExit = false;
/** No tick will come any more. */
let exiting = false;

/** Has `flushable.endTurn()` called when the chunk that is being handled is done, else at the end of the current tick. */
export function flushThisTurn(flushable: Flushable): void {
  queue.push(flushable);
  if (exiting) {
    flushAll();
    return;
  }
  if (!watchesExit) {
    watchesExit = true;
    // What was sent right before `process.exit()` leaves too, as it would have without queueing.
    process.on('exit', () => {
      exiting = true;
      flushAll();
    });
  }
  if (handling === 0) schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  process.nextTick(endTick);
}

/** Marks the begin of handling a chunk. {@link endHandling} has to follow, whatever happens. */
export function beginHandling(): void {
  handling++;
}

/** The chunk has been handled: what was queued meanwhile leaves. */
export function endHandling(): void {
  if (--handling === 0 && queue.length > 0) flushAll();
}

function endTick(): void {
  scheduled = false;
  flushAll();
}

function flushAll(): void {
  // Writing can run code that queues more, which gets a list, and a turn, of its own.
  const flushables = queue;
  queue = [];
  forgetSharedFrames();
  for (const flushable of flushables) flushable.endTurn();
}
