/** The summary of a run in the terminal: a line for each section, then every case that is not OK. */

import { sectionOf } from '../case.ts';
import { compareIds } from '../spec.ts';
import { SECTION_THEMES } from './sections.ts';
import { formatVerdicts, isPassed } from './outcome.ts';
import type { Case } from '../case.ts';
import type { Run } from '../run.ts';

/** Returns the summary of one agent's runs; `cases` are those that were selected. */
export function formatSummary(agent: string, runs: readonly Run[], cases: readonly Case[]): string {
  const sections = [...new Set(cases.map(sectionOf))];
  const rows = sections.map((section) => formatSection(section, runs, cases));
  const notable = foldNotable(runs).map(({ ids, verdict }) => `  ${ids.padEnd(22)} ${verdict}`);
  const total = `${runs.length} of ${cases.length} cases run: ${formatTally(runs)}`;
  return [agent, ...rows, ...(notable.length > 0 ? ['', ...notable] : []), '', total, ''].join('\n');
}

/** Returns the verdicts that are not OK. Neighbours with the same verdict share a line. */
function foldNotable(runs: readonly Run[]): { ids: string; verdict: string }[] {
  const sorted = [...runs].sort((a, b) => compareIds(a.testCase.id, b.testCase.id));
  const folds: { verdict: string; ids: string[] }[] = [];
  for (const { testCase, verdict } of sorted) {
    const written = formatVerdicts(verdict);
    const last = folds.at(-1);
    if (last?.verdict === written) last.ids.push(testCase.id);
    else folds.push({ verdict: written, ids: [testCase.id] });
  }
  return folds
    .filter(({ verdict }) => verdict !== 'OK')
    .map(({ verdict, ids }) => ({ verdict, ids: [...new Set([ids[0], ids.at(-1)])].join(' to ') }));
}

/** Returns a line about one section, such as `   6  UTF-8  141 OK, 4 NON-STRICT`. */
export function formatSection(section: number, runs: readonly Run[], cases: readonly Case[]): string {
  const own = runs.filter(({ testCase }) => sectionOf(testCase) === section);
  const selected = cases.filter((testCase) => sectionOf(testCase) === section).length;
  const missing = selected > own.length ? `, ${selected - own.length} not run` : '';
  return `  ${String(section).padStart(2)}  ${(SECTION_THEMES[section] ?? '').padEnd(34)} ${formatTally(own)}${missing}`;
}

/** Whether all the selected cases were run and passed. */
export function allPassed(runs: readonly Run[], cases: readonly Case[], strict: boolean): boolean {
  return runs.length === cases.length && runs.every(({ verdict }) => isPassed(verdict, strict));
}

function formatTally(runs: readonly Run[]): string {
  const tally = new Map<string, number>();
  for (const { verdict } of runs) {
    const key = formatVerdicts(verdict);
    tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  const entries = [...tally].sort(([key, count], [other, more]) => more - count || (key < other ? -1 : 1));
  return entries.map(([key, count]) => `${count} ${key}`).join(', ') || 'none';
}
