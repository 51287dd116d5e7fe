/** Compares two indexes. */

import { compareIds } from '../spec.ts';
import { formatVerdicts, isSame, isWorse } from './outcome.ts';
import type { Index, IndexEntry } from './index-json.ts';

/** A case whose verdicts differ. */
export interface Change {
  readonly agent: string;
  readonly id: string;
  readonly before: IndexEntry | undefined;
  readonly after: IndexEntry | undefined;
  readonly worse: boolean;
}

/** A comparison of two indexes. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Cases that have the same verdicts in both. */
  readonly same: number;
}

/**
 * Compares the verdicts of two indexes case by case. Agents are matched by name. If each index has only one agent, the names may differ,
 * because a name often includes a version.
 */
export function compareIndexes(before: Index, after: Index): Comparison {
  const changes: Change[] = [];
  let same = 0;
  for (const [agent, old, now] of pairAgents(before, after)) {
    const ids = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort(compareIds);
    for (const id of ids) {
      const change = { agent, id, before: old[id], after: now[id] };
      if (isSame(change.before, change.after)) same += 1;
      else changes.push({ ...change, worse: isWorse(change.before, change.after) });
    }
  }
  return { changes, same };
}

/** Returns a comparison as lines of text. */
export function formatComparison({ changes, same }: Comparison): string {
  const lines = changes.map(({ agent, id, before, after, worse }) => {
    const values = `${formatVerdicts(before)} -> ${formatVerdicts(after)}`;
    return `${agent}  ${id}  ${values}${worse ? '  (worse)' : ''}`;
  });
  const worse = changes.filter((change) => change.worse).length;
  return [...lines, `${same} the same, ${changes.length} changed, ${worse} of them worse`, ''].join('\n');
}

type Cases = Readonly<Record<string, IndexEntry>>;

function pairAgents(before: Index, after: Index): [agent: string, old: Cases, now: Cases][] {
  const old = Object.keys(before);
  const now = Object.keys(after);
  const [oldOnly, nowOnly] = [old[0], now[0]];
  if (old.length === 1 && now.length === 1 && oldOnly !== undefined && nowOnly !== undefined) {
    return [[nowOnly, before[oldOnly] ?? {}, after[nowOnly] ?? {}]];
  }
  return [...new Set([...old, ...now])].map((agent) => [agent, before[agent] ?? {}, after[agent] ?? {}]);
}
