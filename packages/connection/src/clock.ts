// The clock of all time limits. They are set here, so that tests can replace the clock.
import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from './scheduling.ts';

export { now } from './scheduling.ts';

/** An async context without the `AsyncLocalStorage` stores of any connection. A timer keeps the stores of the context that starts it alive. */
const emptyContext = new AsyncResource('framewire.clock', { requireManualDestroy: true });

/** The longest delay of a Node timer, in ms. A longer one would expire immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A running time limit. */
export type Deadline = NodeJS.Timeout;

/**
 * Calls `expire(target)` after `milliseconds`, unless {@link clearDeadline} is called first. Keeps the process alive, because the
 * stream or the attempt that it limits is still open.
 */
export function setDeadline<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return setTimeout(expire, Math.min(milliseconds, LONGEST_TIMER), target);
}

/** Like {@link setDeadline}, but does not keep the process alive. For checks of an open connection. */
export function setWatch<T>(milliseconds: number, expire: (target: T) => void, target: T): Deadline {
  return emptyContext.runInAsyncScope(setDeadline<T>, undefined, milliseconds, expire, target).unref();
}

/** Cancels a time limit. Does nothing for `undefined`. */
export function clearDeadline(deadline: Deadline | undefined): void {
  clearTimeout(deadline);
}
