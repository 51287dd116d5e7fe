// When queued bytes leave: at the end of the turn in which they were queued, for all connections at once.
import process from 'node:process';

/** Something that holds bytes back until its turn ends. */
export interface Flushable {
  /** Lets go of what was queued. */
  endTurn(): void;
}

let queue: Flushable[] = [];
/** How many chunks are being handled: sends made meanwhile leave when the outermost is done. */
let handling = 0;
let scheduled = false;
let watchesExit = false;

/** Has `flushable.endTurn()` called when the chunk that is being handled is done, else at the end of the current tick. */
export function flushThisTurn(flushable: Flushable): void {
  queue.push(flushable);
  if (!watchesExit) {
    watchesExit = true;
    // What was sent right before `process.exit()` leaves too, as it would have without queueing.
    process.on('exit', flushAll);
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
  let done = 0;
  try {
    while (done < flushables.length) (flushables[done++] as Flushable).endTurn();
  } finally {
    // One that threw takes nobody else's bytes along.
    if (done < flushables.length) {
      queue = flushables.slice(done).concat(queue);
      schedule();
    }
  }
}
