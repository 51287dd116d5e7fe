// The one clock: where time limits are set and times measured, so that all of them can be found, and driven by a test.
import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from './scheduling.ts';

export { now } from './scheduling.ts';

/** The async context of no connection. A timer would keep the stores of the one in which it was started. */
const ofNobody = new AsyncResource('framewire.clock', { requireManualDestroy: true });

/** The longest that a timer of Node can run, in ms; a longer one would run out at once. */
const LONGEST = 2 ** 31 - 1;

/** A time limit that runs. */
export type Deadline = NodeJS.Timeout;

/**
 * Calls `expire(target)` in `milliseconds`, unless {@link clearDeadline} comes before. A time limit keeps the process alive:
 * what it guards is still open.
 */
export function setDeadline<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return setTimeout(expire, Math.min(milliseconds, LONGEST), target);
}

/** As {@link setDeadline}, for what is to happen while a connection is open, which by itself keeps no process alive. */
export function setWatch<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return ofNobody.runInAsyncScope(setDeadline<T>, undefined, milliseconds, expire, target).unref();
}

/** Ends a time limit; none is none to end. */
export function clearDeadline(deadline: Deadline | undefined): void {
  clearTimeout(deadline);
}
