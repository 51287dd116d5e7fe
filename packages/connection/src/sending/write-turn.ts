// When queued bytes leave: at the end of the turn in which they were queued, for all connections at once. With a write for each
// message 16 short ones a turn take 5 times as long, and 100 take 10 times (`echo-64x16` and `push-64` of the benchmark).
import process from 'node:process';
import { nextTick, now } from '../scheduling.ts';
import { forgetSharedFrames } from './shared-run.ts';

/** Something that holds bytes back until its turn ends. */
export interface Flushable {
  /** Lets go of what was queued. Must not throw. */
  endTurn(): void;
  /** As `endTurn()`, while a send is under way: false, and nothing is done, where that could run code that sends too. */
  endTurnEarly(): boolean;
}

/** How long code that does not return to the event loop may hold frames back, in ms. */
const LONGEST_TURN = 10;
/** To read the clock for each frame would cost a tenth of a short one. A power of two. */
const FRAMES_BETWEEN_LOOKS = 64;
/** How many rounds of microtasks without a new frame end a turn. A loop with a few awaits for each frame keeps its batches. */
const QUIET_ROUNDS = 8;

const resolved = Promise.resolve();

let queue: Flushable[] = [];
/** Those that could not be flushed early. */
let late: Flushable[] = [];
/** How many chunks are being handled: sends made meanwhile leave when the outermost is done. */
let handling = 0;
/** How many frames the turn holds, and when it was first looked at; 0 for not yet. */
let frames = 0;
let began = 0;

/** A tick is under way. A turn does not depend on it, as it may never run: rounds of microtasks end the turn too. */
let ticking = false;
/** A round of microtasks is under way. */
let watching = false;
/** Frames have left since the last tick, and microtasks send more: they may wait for others. */
let loops = false;
let framesLastRound = 0;
let quietRounds = 0;

let watchesExit = false;
/** No tick will come any more. */
let exiting = false;

/** Has `flushable.endTurn()` called when the chunk that is being handled is done, else at the end of the current tick, or earlier. */
export function flushThisTurn(flushable: Flushable): void {
  queue.push(flushable);
  if (exiting) {
    flushAll();
    return;
  }
  if (handling === 0) schedule();
  countFrame();
}

/** Counts one more frame of something that is queued. A turn that lasts too long ends, where it can. */
export function countFrame(): void {
  if ((++frames & (FRAMES_BETWEEN_LOOKS - 1)) === 0 && isLong()) flushEarly();
}

/**
 * The turn has lasted long enough. How many frames it holds says nothing: a broadcast has ten for each of a thousand connections, and
 * takes ten times as long with a write for each (`broadcast-x10`).
 */
function isLong(): boolean {
  const time = now();
  if (began === 0) began = time;
  return time - began >= LONGEST_TURN;
}

/** A turn ends with its tick, or, where microtasks keep the tick waiting, after some of them. */
function schedule(): void {
  if (!ticking) {
    ticking = true;
    nextTick(endTick);
  }
  if (watching) return;
  began = now();
  quietRounds = 0;
  watchRound();
}

function watchRound(): void {
  watching = true;
  framesLastRound = frames;
  void resolved.then(endRound);
}

/** Marks the begin of handling a chunk. {@link endHandling} has to follow, whatever happens. */
export function beginHandling(): void {
  handling++;
}

/** The chunk has been handled: what was queued meanwhile leaves. */
export function endHandling(): void {
  if (--handling === 0 && hasQueued()) flushAll();
}

function endTick(): void {
  ticking = false;
  loops = false;
  flushAll();
}

/**
 * All microtasks that were queued when this round began have run. The first frames leave now. Once microtasks go on sending, the
 * next ones wait for each other as long as some come in every few rounds and the turn is not long.
 */
function endRound(): void {
  watching = false;
  if (!hasQueued()) return;
  quietRounds = frames === framesLastRound ? quietRounds + 1 : 0;
  if (loops && quietRounds < QUIET_ROUNDS && !isLong()) {
    watchRound();
    return;
  }
  loops = true;
  flushAll();
}

/**
 * Lets frames leave that are sent while the process exits, when no tick comes any more. The listener comes before those of the
 * program: one that throws keeps the others from being called.
 */
export function watchExit(): void {
  if (watchesExit) return;
  watchesExit = true;
  process.prependListener('exit', () => {
    exiting = true;
    flushAll();
  });
  // A listener that the program prepended later has thrown.
  process.on('uncaughtExceptionMonitor', flushAll);
}

function hasQueued(): boolean {
  return queue.length > 0 || late.length > 0;
}

function flushEarly(): void {
  began = 0;
  frames = 0;
  const flushables = queue;
  queue = [];
  for (const flushable of flushables) if (!flushable.endTurnEarly()) late.push(flushable);
}

function flushAll(): void {
  began = 0;
  frames = 0;
  forgetSharedFrames();
  // Writing can run code that queues more, which gets lists, and a turn, of its own.
  const lists = [late, queue];
  late = [];
  queue = [];
  for (const list of lists) for (const flushable of list) flushable.endTurn();
}
