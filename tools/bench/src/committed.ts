// Saved results: those of the repository, those of other Node versions, and those of any folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunResult } from './results.ts';
import { scenarios } from './scenarios.ts';
import { groupsOf } from './targets.ts';

/** The folder of the repository's results. */
export const RESULTS_FOLDER = fileURLToPath(new URL('../results', import.meta.url));
/** The line of Node whose results have a page, and whose figures the READMEs show. */
export const MAIN_LINE = '26';
/** The other lines that have results, the newest first. */
const OTHER_LINES = ['24', '22', '20'];

/** The file of the results of the main line, within their folder. */
export const RESULTS_FILE = 'results.json';

/** The file of results of another line of Node. */
export function fileOfLine(line: string): string {
  return `node-${line}.json`;
}

/** The line that a version of Node belongs to. */
export function lineOf(version = ''): string {
  return version.split('.', 1).join();
}

/** The repository's results; undefined if there are none. */
export function committedResults(): RunResult | undefined {
  return resultsIn(RESULTS_FOLDER, RESULTS_FILE);
}

/** The repository's results of other lines of Node, the newest first. */
export function committedLines(): RunResult[] {
  return OTHER_LINES.map((line) => resultsIn(RESULTS_FOLDER, fileOfLine(line))).filter(
    (run) => run !== undefined,
  );
}

/** The repository's results of the line that a version of Node belongs to; undefined if there are none. */
export function committedFor(version: string | undefined): RunResult | undefined {
  return [committedResults(), ...committedLines()].find(
    (run) => lineOf(run?.machine['node']) === lineOf(version),
  );
}

/**
 * A run, with the other scenarios of an earlier one if that has the same machine, versions, day, rounds and length of turns. Scenarios that
 * a target compares are kept only together, because their rounds form pairs.
 */
export function withEarlier(earlier: RunResult | undefined, run: RunResult): RunResult {
  const conditions = ({ machine, rounds, quick }: RunResult): string =>
    JSON.stringify([machine, rounds, quick]);
  const isSame = earlier !== undefined && conditions(earlier) === conditions(run);
  const ran = new Set(run.scenarios.map(({ scenario }) => scenario));
  const replaced = new Set(
    groupsOf(scenarios)
      .filter((group) => group.some(({ name }) => ran.has(name)))
      .flatMap((group) => group.map(({ name }) => name)),
  );
  const kept = isSame ? earlier.scenarios.filter(({ scenario }) => !replaced.has(scenario)) : [];
  const all = [...run.scenarios, ...kept];
  const inOrder = scenarios.map(({ name }) => all.find(({ scenario }) => scenario === name));
  return { ...run, scenarios: inOrder.filter((result) => result !== undefined) };
}

/** The scenarios of earlier results that the new ones lack. */
export function droppedFrom(earlier: RunResult | undefined, run: RunResult): string[] {
  const kept = new Set(run.scenarios.map(({ scenario }) => scenario));
  const before = earlier?.scenarios.map(({ scenario }) => scenario) ?? [];
  return before.filter((scenario) => !kept.has(scenario));
}

/** The results in a file of a folder; undefined if there is no such file. */
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
