// How far the ratios of a run can be trusted, as a table.
import { formatNumber, ROUGH } from './format.ts';
import { table } from './page.ts';
import { mainMetric } from './report.ts';
import {
  apartFromMedians,
  figure,
  isRough,
  pairedRatio,
  type Figure,
  type Ratio,
  type RunResult,
  type ScenarioResult,
} from './results.ts';
import { median } from './statistics.ts';
import { OURS } from './targets.ts';

const REFERENCE = 'ws';

/** Ours and theirs in a scenario's main figure, and how many times as much theirs is. */
interface Compared {
  readonly scenario: string;
  readonly figures: readonly [Figure, Figure];
  readonly ratio: Ratio;
}

/**
 * The spreads of ratios and figures of framewire and `ws`, and how many ratios are rough, in Markdown.
 *
 * @param runs a column for each that has more than one round: of one nobody knows
 */
export function noiseTable(runs: readonly RunResult[]): string {
  const several = runs.filter(({ rounds }) => rounds > 1);
  const columns = several.map(({ scenarios }) => columnOf(scenarios.flatMap(comparedIn)));
  return table(
    ['framewire and ws', ...several.map(({ machine }) => `Node ${machine['node'] ?? ''}`)],
    ROWS.map((title, row) => [title, ...columns.map((cells) => cells[row] ?? '')]),
  );
}

const ROWS = [
  `rough ratios (${ROUGH})`,
  'spread of a ratio over the rounds: median, widest',
  'spread of a figure over the rounds: median',
  'ratio and quotient of the medians: furthest apart',
];

function columnOf(all: readonly Compared[]): string[] {
  const widest = greatest(all, ({ ratio }) => ratio.spread ?? 0);
  const furthest = greatest(all, ({ ratio }) => apartFromMedians(ratio));
  if (!widest || !furthest) return [];
  const { lowest, highest } = widest.ratio;
  const { median: paired, ofMedians } = furthest.ratio;
  return [
    `${all.filter(({ ratio }) => isRough(ratio)).length} of ${all.length}`,
    `${percent(all.map(({ ratio }) => ratio))}, \`${widest.scenario}\` (${show(lowest)} to ${show(highest)})`,
    percent(all.flatMap(({ figures }) => figures)),
    `${formatNumber(apartFromMedians(furthest.ratio), 1)} times, \`${furthest.scenario}\` (${show(paired)} and ${show(ofMedians)})`,
  ];
}

function comparedIn(result: ScenarioResult): Compared[] {
  const metric = mainMetric(result);
  if (metric === undefined) return [];
  const [ours, theirs] = [figure(result, OURS, metric), figure(result, REFERENCE, metric)];
  const ratio = pairedRatio(result, REFERENCE, OURS, metric);
  return ours && theirs && ratio ? [{ scenario: result.scenario, figures: [ours, theirs], ratio }] : [];
}

function greatest(all: readonly Compared[], of: (compared: Compared) => number): Compared | undefined {
  return all.toSorted((a, b) => of(b) - of(a))[0];
}

/** The median of their spreads. */
function percent(figures: readonly Figure[]): string {
  return `${formatNumber(median(figures.map(({ spread }) => spread ?? 0)) * 100, 0)} %`;
}

function show(value: number): string {
  return formatNumber(value, 2);
}
