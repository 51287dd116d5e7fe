// The thread that runs a target: its orders and its reports.
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz, type FuzzResult } from './engine.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';
import { CurrentInput, type Assignment, type Outcome, type Report } from './watch.ts';

/** The interval of progress reports to the main thread, in ms. */
const EVERY = 500;
/** Longer ones, in bytes, are not worth a line of the corpus. */
const LONGEST_GROWN = 512;
/** How often it is tried to make an input shorter that goes a new way. */
const TRIES_TO_SHORTEN = 300;

const { assignment, shared } = workerData as { assignment: Assignment; shared: SharedArrayBuffer };
const { TARGETS } = (await import(assignment.module)) as { TARGETS: readonly Target[] };
const target = TARGETS.find(({ name }) => name === assignment.target);
if (target === undefined) throw new Error(`${assignment.module} has no target ${assignment.target}`);

const current = new CurrentInput(shared);
let told = 0;
const result = await fuzz(target, {
  ...assignment,
  onInput: (input) => current.set(input),
  onProgress: (progress) => {
    if (progress.milliseconds - told < EVERY) return;
    told = progress.milliseconds;
    tell({ kind: 'progress', progress });
  },
});
const { found, kept, ...progress } = result;
const grown = assignment.grow && found === undefined ? await newWays(target, kept) : [];
tell({ kind: 'end', outcome: { progress, found, grown } });

function tell(report: Report): void {
  parentPort?.postMessage(report);
}

async function newWays(fed: Target, all: FuzzResult['kept']): Promise<Outcome['grown']> {
  const known = new Set(assignment.corpus.map((input) => Buffer.from(input).toString('hex')));
  const grown: { way: string; input: Uint8Array }[] = [];
  for (const [way, input] of all) {
    if (known.has(Buffer.from(input).toString('hex'))) continue;
    const goesThere = async (candidate: Uint8Array): Promise<boolean> => {
      current.set(candidate);
      return (await fed.run(candidate)) === way;
    };
    const shortest = await shrink(input, goesThere, TRIES_TO_SHORTEN);
    if (shortest.length <= LONGEST_GROWN) grown.push({ way, input: shortest });
  }
  return grown;
}
