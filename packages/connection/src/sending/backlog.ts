// The part of a ledger that is created when bytes have to wait for the first time. A connection whose bytes never wait needs no memory for
// it (benchmark scenario `idle`).
import { DrainWaiters } from './drain-waiters.ts';

export class Backlog {
  /** The bytes of the messages in the send queue. */
  queued = 0;
  /** Whether more bytes than the high-water mark have waited. If so, `drained()` must be called when their number has fallen to the mark. */
  isAboveMark = false;
  /** The number of pending writes with a callback that checks how many bytes wait. */
  writes = 0;
  readonly waiters = new DrainWaiters();
}
