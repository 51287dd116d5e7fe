// The clock: all time limits are set and all times measured here, so that tests can replace it.
import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from './scheduling.ts';

export { now } from './scheduling.ts';

/** An async context without the stores of any connection, because a timer keeps those of the context in which it was started. */
const ofNobody = new AsyncResource('framewire.clock', { requireManualDestroy: true });

/** The longest delay of a Node timer, in ms. A longer one would expire immediately. */
const LONGEST = 2 ** 31 - 1;

/** A running time limit. */
export type Deadline = NodeJS.Timeout;

/**
 * Calls `expire(target)` after `milliseconds`, unless {@link clearDeadline} is called first. Keeps the process alive, because what it
 * limits is still open.
 */
export function setDeadline<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return setTimeout(expire, Math.min(milliseconds, LONGEST), target);
}

/** As {@link setDeadline}, without keeping the process alive: for what is checked while a connection is open. */
export function setWatch<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return ofNobody.runInAsyncScope(setDeadline<T>, undefined, milliseconds, expire, target).unref();
}

/** Ends a time limit. Does nothing for `undefined`. */
export function clearDeadline(deadline: Deadline | undefined): void {
  clearTimeout(deadline);
}
