// The part of a ledger that is created when bytes have to wait for the first time. A connection whose bytes never wait needs no memory for
// it (benchmark scenario `idle`).
import { DrainWaiters } from './drain-waiters.ts';

export class Backlog {
  /** The bytes of the messages that wait for the compressor, or for the messages before them. */
  queued = 0;
  /** Whether more bytes have waited than the high-water mark, so that `drained` must be reported when the number has fallen to it. */
  isAboveMark = false;
  /** The number of pending writes with a callback that checks how many bytes wait. */
  writes = 0;
  readonly waiters = new DrainWaiters();
}
