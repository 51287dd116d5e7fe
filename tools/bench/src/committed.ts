// The results that were kept: the repository's, those of other lines of Node, those of any folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResult } from './results.ts';
import { scenarios } from './scenarios.ts';

/** Where the repository's results are. */
export const RESULTS_FOLDER = fileURLToPath(new URL('../results', import.meta.url));
/** The lines of Node that have results beside those of the oldest. */
const OTHER_LINES = ['24', '26'];

/** The file of results that have a page, within their folder. */
export const RESULTS_FILE = 'results.json';

/** The file of results of another line of Node. */
export function fileOfLine(line: string): string {
  return `node-${line}.json`;
}

/** The line that a version of Node belongs to. */
export function lineOf(version = ''): string {
  return version.split('.', 1).join();
}

/** The repository's results; undefined where there are none. */
export function committedResults(): RunResult | undefined {
  return resultsIn(RESULTS_FOLDER, RESULTS_FILE);
}

/** The repository's results of other lines of Node, the oldest first. */
export function committedLines(): RunResult[] {
  return OTHER_LINES.map((line) => resultsIn(RESULTS_FOLDER, fileOfLine(line))).filter(
    (run) => run !== undefined,
  );
}

/** The repository's results of the line that a version of Node belongs to; undefined where there are none. */
export function committedFor(version: string | undefined): RunResult | undefined {
  return [committedResults(), ...committedLines()].find(
    (run) => lineOf(run?.machine['node']) === lineOf(version),
  );
}

/** A run of some scenarios, with the others of an earlier one where that was made in the same way, on the same day. */
export function withEarlier(earlier: RunResult | undefined, run: RunResult): RunResult {
  const way = ({ machine, rounds, quick }: RunResult): string => JSON.stringify([machine, rounds, quick]);
  if (!earlier || way(earlier) !== way(run)) return run;
  const all = [...run.scenarios, ...earlier.scenarios];
  const inOrder = scenarios.map(({ name }) => all.find(({ scenario }) => scenario === name));
  return { ...run, scenarios: inOrder.filter((result) => result !== undefined) };
}

/** The scenarios of earlier results that the new ones lack. */
export function droppedFrom(earlier: RunResult | undefined, run: RunResult): string[] {
  const kept = new Set(run.scenarios.map(({ scenario }) => scenario));
  const before = earlier?.scenarios.map(({ scenario }) => scenario) ?? [];
  return before.filter((scenario) => !kept.has(scenario));
}

/** The results in a file of a folder; undefined where there is no such file. */
export function resultsIn(folder: string, file: string): RunResult | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as RunResult;
}
