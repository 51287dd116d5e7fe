// What has changed since the committed results: our ratio to ws in each scenario, then and now.
import { mainMetric } from './report.ts';
import { pairedRatio, type Metric, type RunResult, type ScenarioResult } from './results.ts';
import { QUICK_IDLE_CONNECTIONS, scenarios } from './scenarios.ts';
import { OURS } from './targets.ts';

/** The peer that the ratios refer to. It was measured on the same machine at the same time. */
const REFERENCE = 'ws';
/** A smaller difference always counts as noise, even if the spreads are smaller. */
const LEAST_NOISE = 0.15;
/** The same for bytes, which are counted, not timed. */
const LEAST_NOISE_OF_BYTES = 0.05;

/** A ratio in both runs. */
export interface Change {
  readonly scenario: string;
  readonly metric: Metric;
  /** Ours / theirs, in the committed results and in this run. */
  readonly then: number;
  readonly now: number;
  /** How much a ratio may differ and still count as unchanged, as a fraction of it. */
  readonly noise: number;
}

/** The comparison of two runs. */
export interface Comparison {
  /** How many ratios both runs have. */
  readonly compared: number;
  /** The ratios that have changed by more than the noise, in the order of the later run. */
  readonly moves: readonly Change[];
}

/** Compares the ratios of each scenario's main figure, and of bytes. */
export function compare(before: RunResult, after: RunResult): Comparison {
  const changes = after.scenarios.flatMap((now) => {
    const then = before.scenarios.find(({ scenario }) => scenario === now.scenario);
    if (!then || (before.quick !== after.quick && hasFewerWhenQuick(now.scenario))) return [];
    const main = mainMetric(now);
    const metrics: Metric[] = main === undefined ? [] : [main, 'bytes'];
    return metrics.map((metric) => changeOf(then, now, metric)).filter((change) => change !== undefined);
  });
  const moves = changes.filter(({ then, now, noise }) => Math.abs(now / then - 1) > noise);
  return { compared: changes.length, moves };
}

/** Printed instead of a comparison if this run or the committed one has only one round. */
export const ONE_ROUND = 'One round: the noise is unknown, so nothing is compared.';

/**
 * One line for each change, or one that says that there is none, or why this is unknown.
 *
 * @param comparison undefined if there is nothing to compare with
 */
export function describeComparison(comparison: Comparison | undefined): string {
  if (!comparison) return 'Nothing could be compared: no results of this line of Node are committed.';
  const { compared, moves } = comparison;
  if (compared === 0)
    return `Nothing could be compared: no scenario has figures of ${OURS} and ${REFERENCE}, with the same number of connections, in both this run and the committed results.`;
  if (moves.length === 0)
    return `Of ${compared} ratios to ${REFERENCE}, none has changed by more than the noise since the committed results.`;
  const lines = moves.map(({ scenario, metric, then, now, noise }) => {
    const word = now > then ? 'worse' : 'better';
    const by = `${((now / then - 1) * 100).toFixed(0)} %`;
    return `  ${scenario} ${metric}: ${OURS} / ${REFERENCE} was ${then.toFixed(3)}, is ${now.toFixed(3)} (${by}, ${word}; noise ${(noise * 100).toFixed(0)} %)`;
  });
  return [
    `Of ${compared} ratios to ${REFERENCE}, ${moves.length} changed by more than the noise since the committed results:`,
    ...lines,
  ].join('\n');
}

/** Whether a quick run has fewer connections than a full one, so that their figures cannot be compared. */
function hasFewerWhenQuick(name: string): boolean {
  return scenarios.some(
    (each) => each.name === name && each.kind === 'idle' && each.connections > QUICK_IDLE_CONNECTIONS,
  );
}

function changeOf(before: ScenarioResult, after: ScenarioResult, metric: Metric): Change | undefined {
  const then = pairedRatio(before, OURS, REFERENCE, metric);
  const now = pairedRatio(after, OURS, REFERENCE, metric);
  if (!then || !now) return undefined;
  const least = metric === 'bytes' ? LEAST_NOISE_OF_BYTES : LEAST_NOISE;
  // The spreads of two runs are independent: the larger counts.
  const noise = Math.max(least, then.spread ?? 0, now.spread ?? 0);
  return { scenario: after.scenario, metric, then: then.median, now: now.median, noise };
}
