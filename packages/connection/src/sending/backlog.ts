// The part of a ledger that is created when bytes first wait. A connection that has never been slow needs no memory for it (benchmark
// scenario `idle`).
import { DrainWaiters } from './drain-waiters.ts';

export class Backlog {
  /** The bytes of the messages that wait for the compressor, or for the messages before them. */
  queued = 0;
  /** Whether more bytes have waited than the high-water mark, so that `drained` must be reported when that is over. */
  isAboveMark = false;
  /** How many writes to the stream will call back. */
  writes = 0;
  readonly waiters = new DrainWaiters();
}
