// The thread that runs a target and sends reports to the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz, type FuzzResult } from './engine.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';
import { CurrentInput, type Assignment, type Report, type WatchResult } from './watch.ts';

/** The interval of progress reports to the main thread, in ms. */
const EVERY = 500;
/** Longer inputs, in bytes, are not added to the corpus. */
const LONGEST_GROWN = 512;
/** How many attempts are made to shorten an input with a new outcome. */
const TRIES_TO_SHORTEN = 300;

const { assignment, shared } = workerData as { assignment: Assignment; shared: SharedArrayBuffer };
const { TARGETS } = (await import(assignment.module)) as { TARGETS: readonly Target[] };
const target = TARGETS.find(({ name }) => name === assignment.target);
if (target === undefined) throw new Error(`${assignment.module} has no target ${assignment.target}`);

const current = new CurrentInput(shared);
let reportedAt = 0;
const result = await fuzz(target, {
  ...assignment,
  onInput: (input) => current.set(input),
  onProgress: (progress) => {
    if (progress.milliseconds - reportedAt < EVERY) return;
    reportedAt = progress.milliseconds;
    send({ kind: 'progress', progress });
  },
});
const { found, kept, ...progress } = result;
const grown = assignment.grow && found === undefined ? await newOutcomes(target, kept) : [];
send({ kind: 'end', result: { progress, found, grown } });

function send(report: Report): void {
  parentPort?.postMessage(report);
}

async function newOutcomes(fed: Target, all: FuzzResult['kept']): Promise<WatchResult['grown']> {
  const known = new Set(assignment.corpus.map((input) => Buffer.from(input).toString('hex')));
  const grown: { outcome: string; input: Uint8Array }[] = [];
  for (const [outcome, input] of all) {
    if (known.has(Buffer.from(input).toString('hex'))) continue;
    const hasSameOutcome = async (candidate: Uint8Array): Promise<boolean> => {
      current.set(candidate);
      return (await fed.run(candidate)) === outcome;
    };
    const shortest = await shrink(input, hasSameOutcome, TRIES_TO_SHORTEN);
    if (shortest.length <= LONGEST_GROWN) grown.push({ outcome, input: shortest });
  }
  return grown;
}
