// When gathered frames are written: at the end of the turn in which they were sent, for all connections. One write for all messages of
// a turn is much faster than one for each message (benchmark scenarios `echo-64x16` and `push-64`).
import process from 'node:process';
import { nextTick, now } from '../scheduling.ts';
import { forgetSharedFrames } from './shared-run.ts';

/** Something that gathers frames until the turn ends. */
export interface Flushable {
  /** Writes what was gathered. Must not throw. */
  endTurn(): void;
  /** Like `endTurn()`, but called inside a send. Does nothing and returns false if the write could run code that sends something. */
  endTurnEarly(): boolean;
}

/** For how long code that does not return to the event loop may delay frames, in ms. */
const LONGEST_TURN = 10;
/** The clock is read once per this many frames, because reading it is slow. A power of two. */
const FRAMES_BETWEEN_CHECKS = 64;
/** How many rounds of microtasks without a new frame end a turn. More than one, so that a loop that awaits between frames is batched. */
const QUIET_ROUNDS = 8;

const resolved = Promise.resolve();

let queue: Flushable[] = [];
/** Members of `queue` that could not be written early. */
let late: Flushable[] = [];
/** How many received chunks are being handled, nested in each other. Frames sent meanwhile are written after the outermost. */
let handling = 0;
/** How many frames were gathered this turn. */
let frames = 0;
/** When the clock was first read this turn, in ms; 0 = not yet. */
let began = 0;

/** Whether a tick is scheduled. Rounds of microtasks end the turn, too, because microtasks may keep the tick from running. */
let ticking = false;
/** Whether a round of microtasks is scheduled. */
let watching = false;
/** Whether a round of microtasks has already written frames in this tick. Frames of later rounds are then gathered for longer. */
let hasWritten = false;
let framesLastRound = 0;
let quietRounds = 0;

let watchesExit = false;
/** Whether the process is exiting, so that no tick follows. */
let exiting = false;

/**
 * Calls `flushable.endTurn()` later: while a received chunk is being handled, after that chunk; otherwise at the end of the current tick, or
 * earlier.
 */
export function flushThisTurn(flushable: Flushable): void {
  queue.push(flushable);
  if (exiting) {
    flushAll();
    return;
  }
  if (handling === 0) schedule();
  countFrame();
}

/** Counts one more frame of something that is queued. If the turn lasts too long, writes what can be written early. */
export function countFrame(): void {
  if ((++frames & (FRAMES_BETWEEN_CHECKS - 1)) === 0 && isLong()) flushEarly();
}

/**
 * Whether the turn has lasted too long. The number of frames is not limited, because a broadcast sends very many frames in one turn and is
 * faster with one write for each connection (benchmark scenario `broadcast-x10`).
 */
function isLong(): boolean {
  const time = now();
  if (began === 0) began = time;
  return time - began >= LONGEST_TURN;
}

/** A turn ends with its tick. If microtasks keep the tick from running, it ends after some rounds of them. */
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

/** Marks the start of handling a received chunk. The caller must call {@link endHandling} after it, even after an exception. */
export function beginHandling(): void {
  handling++;
}

/** Marks the end of handling a received chunk. Writes the frames that were sent meanwhile. */
export function endHandling(): void {
  if (--handling === 0 && hasQueued()) flushAll();
}

function endTick(): void {
  ticking = false;
  hasWritten = false;
  flushAll();
}

/**
 * All microtasks that were queued when this round started have run. The frames of the first round are written now. If microtasks continue
 * to send, later frames are gathered until several rounds pass without a frame, or until the turn has lasted too long.
 */
function endRound(): void {
  watching = false;
  if (!hasQueued()) return;
  quietRounds = frames === framesLastRound ? quietRounds + 1 : 0;
  if (hasWritten && quietRounds < QUIET_ROUNDS && !isLong()) {
    watchRound();
    return;
  }
  hasWritten = true;
  flushAll();
}

/**
 * Writes frames that are sent while the process exits, when no tick follows. The listener is prepended, because a listener of the
 * program that throws keeps later listeners from being called.
 */
export function watchExit(): void {
  if (watchesExit) return;
  watchesExit = true;
  process.prependListener('exit', () => {
    exiting = true;
    flushAll();
  });
  // The program may prepend another listener later, and that listener may throw.
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
  // Writing can run code that sends more. Those frames get new lists and a new turn.
  const lists = [late, queue];
  late = [];
  queue = [];
  for (const list of lists) for (const flushable of list) flushable.endTurn();
}
