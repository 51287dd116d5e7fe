/** `index.json`: every verdict of a run, in the layout of the public suite, so that published reports can be compared. */

import { reportName } from './names.ts';
import type { Run } from '../run.ts';

/** One case of one agent. */
export interface IndexEntry {
  readonly behavior: string;
  readonly behaviorClose: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly remoteCloseCode: number | null;
  /** The JSON file of the case. */
  readonly reportfile: string;
}

/** The entries by agent, then by case. */
export type Index = Readonly<Record<string, Readonly<Record<string, IndexEntry>>>>;

/** Returns the index of runs, with sorted keys. */
export function buildIndex(runs: readonly Run[]): Index {
  const index: Record<string, Record<string, IndexEntry>> = {};
  for (const run of runs) {
    const { agent, testCase, verdict, duration, closing } = run;
    const { behavior, behaviorClose } = verdict;
    const { remoteCloseCode } = closing;
    const reportfile = `${reportName(agent, testCase.id)}.json`;
    const entries = (index[agent] ??= {});
    entries[testCase.id] = { behavior, behaviorClose, duration, remoteCloseCode, reportfile };
  }
  return sorted(Object.fromEntries(Object.entries(index).map(([agent, cases]) => [agent, sorted(cases)])));
}

/** Returns the text of an index. */
export function formatIndex(index: Index): string {
  return `${JSON.stringify(index, null, INDENT)}\n`;
}

/** As in the public suite. */
const INDENT = 3;

/**
 * Reads the text of an index, whichever suite wrote it.
 *
 * @throws SyntaxError if it has another shape.
 */
export function parseIndex(text: string): Index {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError('an index must be an object of agents');
  for (const cases of Object.values(value)) {
    if (!isObject(cases) || !Object.values(cases).every(isEntry)) {
      throw new SyntaxError(
        'each agent of an index must be an object of cases with "behavior" and "behaviorClose"',
      );
    }
  }
  return value as Index;
}

function isEntry(value: unknown): boolean {
  return (
    isObject(value) && typeof value['behavior'] === 'string' && typeof value['behaviorClose'] === 'string'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sorts keys by their characters, as the public suite does. */
function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
