// What has moved since the committed results: our ratio to ws in each scenario, then and now.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure, type Figure, type Metric, type RunResult, type ScenarioResult } from './results.ts';
import { scenarios } from './scenarios.ts';
import { OURS } from './targets.ts';

/** Where the repository's results are. */
const COMMITTED = fileURLToPath(new URL('../results', import.meta.url));
/** The lines of Node that have results beside those of the oldest. */
const OTHER_LINES = [24, 26];

/** The peer that both runs are held against, being on the same machine at the same time. */
const REFERENCE = 'ws';
/** Below this a difference is noise, however small the spreads were. */
const LEAST_NOISE = 0.15;

/** A ratio that has moved by more than the noise. */
export interface Move {
  readonly scenario: string;
  readonly metric: Metric;
  /** Ours / theirs, in the committed results and in this run. */
  readonly then: number;
  readonly now: number;
  /** By how much a ratio may differ without having moved, as a part of it. */
  readonly noise: number;
}

/** What the metrics are that are compared: those that do not depend on who else uses the machine. */
const COMPARED: readonly Metric[] = ['cpu', 'heap', 'rss'];

/** The committed results; undefined where there are none. */
export function committedResults(): RunResult | undefined {
  return resultsIn(COMMITTED);
}

/** The committed results of other Node lines, the oldest first. */
export function committedLines(): RunResult[] {
  return OTHER_LINES.map((line) => readResults(join(COMMITTED, `node-${line}.json`))).filter(
    (run) => run !== undefined,
  );
}

/** The results that a folder holds; undefined where there are none. */
export function resultsIn(folder: string): RunResult | undefined {
  return readResults(join(folder, 'results.json'));
}

function readResults(path: string): RunResult | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunResult;
  } catch {
    return undefined;
  }
}

/** A run of some scenarios, with the others of an earlier one where that was made in the same way, on the same day. */
export function withEarlier(earlier: RunResult | undefined, run: RunResult): RunResult {
  const way = ({ machine, rounds, quick }: RunResult): string => JSON.stringify([machine, rounds, quick]);
  if (!earlier || way(earlier) !== way(run)) return run;
  const all = [...run.scenarios, ...earlier.scenarios];
  const inOrder = scenarios.map(({ name }) => all.find(({ scenario }) => scenario === name));
  return { ...run, scenarios: inOrder.filter((result) => result !== undefined) };
}

/** The ratios that have moved, in the order of the run. */
export function compare(before: RunResult, after: RunResult): Move[] {
  return after.scenarios.flatMap((now) => {
    const then = before.scenarios.find(({ scenario }) => scenario === now.scenario);
    return then ? COMPARED.flatMap((metric) => movesOf(then, now, metric)) : [];
  });
}

/** One line for each move, or one that says there is none. */
export function describeMoves(moves: readonly Move[]): string {
  if (moves.length === 0)
    return 'Against ws nothing has moved by more than the noise since the committed results.';
  const lines = moves.map(({ scenario, metric, then, now, noise }) => {
    const word = now > then ? 'worse' : 'better';
    const by = `${((now / then - 1) * 100).toFixed(0)} %`;
    return `  ${scenario} ${metric}: ${OURS} / ${REFERENCE} was ${then.toFixed(3)}, is ${now.toFixed(3)} (${by}, ${word}; noise ${(noise * 100).toFixed(0)} %)`;
  });
  return ['Moved by more than the noise since the committed results:', ...lines].join('\n');
}

function movesOf(before: ScenarioResult, after: ScenarioResult, metric: Metric): Move[] {
  const then = ratioOf(before, metric);
  const now = ratioOf(after, metric);
  if (!then || !now) return [];
  // The spreads of one run add up, those of two are independent: the larger counts.
  const noise = Math.max(LEAST_NOISE, then.spread, now.spread);
  const moved = Math.abs(now.median / then.median - 1) > noise;
  return moved ? [{ scenario: after.scenario, metric, then: then.median, now: now.median, noise }] : [];
}

/** Ours / theirs, with the spreads of both added up. */
function ratioOf(result: ScenarioResult, metric: Metric): Figure | undefined {
  const ours = figure(result, OURS, metric);
  const theirs = figure(result, REFERENCE, metric);
  if (!ours || !theirs || theirs.median <= 0 || ours.median <= 0) return undefined;
  return { median: ours.median / theirs.median, spread: ours.spread + theirs.spread };
}
