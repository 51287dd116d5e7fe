// Attacks through compression block framewire only briefly, and cost it little more than `ws`, which is attacked in the same run.
import { describe, expect, test } from 'vitest';
import {
  badOffers,
  costsOf,
  finalBlocks,
  longMessages,
  shortBombs,
  type Attack,
  type Cost,
  type Costs,
} from '../src/rivals.ts';
import { MiB } from '../src/frames.ts';

/** The longest time for which the event loop may be blocked, in milliseconds. */
const MAX_STALL = 50;
/** The attempts after which a bound counts as broken. Garbage is not always collected at the same moment. */
const ATTEMPTS = 4;
/** Each attempt attacks two servers, which keeps them busy for seconds. */
const TIMEOUT = 600_000;

interface Bounds {
  /** How long the event loop may be blocked, given the cost of ws. */
  readonly stall: (theirs: Cost) => number;
  /** How many times the CPU time of ws ours may be. Default: no bound. */
  readonly work?: number;
}

const SHORT_STALLS: Bounds = { stall: () => MAX_STALL };

/** The bounds that our cost breaks. */
function broken({ ours, theirs }: Costs, { stall, work = Infinity }: Bounds): string[] {
  const mebibytes = (bytes: number): string => `${Math.round(bytes / MiB)} MiB`;
  const breaches: string[] = [];
  if (ours.peak > 1.2 * theirs.peak) {
    breaches.push(`peak: ${mebibytes(ours.peak)}, of ws ${mebibytes(theirs.peak)}`);
  }
  if (ours.stall > stall(theirs)) breaches.push(`stall: ${ours.stall} ms, of ws ${theirs.stall} ms`);
  if (ours.work > work * theirs.work) breaches.push(`work: ${ours.work} µs, of ws ${theirs.work} µs`);
  return breaches;
}

async function staysWithin(bounds: Bounds, ...attacks: Attack[]): Promise<void> {
  const breaches: string[][] = [];
  while (breaches.length < ATTEMPTS) {
    const found = (await costsOf(attacks)).flatMap((costs) => broken(costs, bounds));
    if (found.length === 0) return;
    breaches.push(found);
  }
  expect(breaches).toEqual([]);
}

describe.each([
  ['with', true],
  ['without', false],
])('%s context takeover', (_how, takeover) => {
  test(
    'short messages of many connections that each inflate to 14 MiB all arrive, without exhausting memory or blocking the event loop',
    () => staysWithin(SHORT_STALLS, shortBombs(40, 14, takeover)),
    TIMEOUT,
  );

  test(
    'long messages that wait for the thread pool are in memory only once',
    // Reading them from the sockets blocks the event loop of both libraries.
    () =>
      staysWithin(
        { stall: (theirs) => Math.max(MAX_STALL, 1.5 * theirs.stall) },
        longMessages(150, takeover),
      ),
    TIMEOUT,
  );
});

test(
  'thousands of messages of eight final blocks, in one chunk, do not block the event loop',
  () => staysWithin(SHORT_STALLS, finalBlocks(true), finalBlocks(false)),
  TIMEOUT,
);

test(
  'requests with 700 malformed offers each cost no more than a few times what they cost ws',
  () => staysWithin({ ...SHORT_STALLS, work: 3 }, badOffers(100, 700)),
  TIMEOUT,
);
