// The one place where time limits are set, so that all of them can be found, and driven by a test.
import { clearTimeout, setTimeout } from './scheduling.ts';

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

/** Ends a time limit; none is none to end. */
export function clearDeadline(deadline: Deadline | undefined): void {
  clearTimeout(deadline);
}
