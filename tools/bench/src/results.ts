// The results of a run: samples by scenario and peer, and the figures that follow from them.
import { median, ratio, spread } from './statistics.ts';

/** The figures of a peer in a scenario. */
export const METRICS = {
  cpu: { title: 'CPU µs a message', digits: 2 },
  rate: { title: 'messages/s', digits: 0 },
  p50: { title: 'p50 µs', digits: 0 },
  p99: { title: 'p99 µs', digits: 0 },
  bytes: { title: 'bytes', digits: 0 },
  held: { title: 'loop held ms', digits: 1 },
  minor: { title: 'scavenges/M', digits: 0 },
  major: { title: 'mark-compacts/M', digits: 0 },
  heap: { title: 'heap KiB', digits: 2 },
  rss: { title: 'RSS KiB', digits: 2 },
  external: { title: 'external KiB', digits: 2 },
} as const;

export type Metric = keyof typeof METRICS;

/** The figures of one turn of one peer. */
export type Sample = Readonly<Partial<Record<Metric, number>>>;

/** The figures of one peer in one scenario, a sample for each round. */
export interface PeerResult {
  readonly peer: string;
  /** The runtime it ran on, with its version. */
  readonly runtime: string;
  readonly samples: readonly Sample[];
}

/** A peer that was left out, and why. */
export interface Skipped {
  readonly peer: string;
  readonly reason: string;
}

/** One scenario with all peers that took part. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly results: readonly PeerResult[];
  readonly skipped: readonly Skipped[];
}

/** A whole run. */
export interface RunResult {
  /** When, where and with what it was measured, so that the figures can be judged later. */
  readonly machine: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly quick: boolean;
  readonly scenarios: readonly ScenarioResult[];
}

/** A summary of the values of all rounds. */
export interface Figure {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Highest minus lowest, as a fraction of the median; undefined for one round. */
  readonly spread: number | undefined;
}

/** One peer's figure divided by another's, within each round. */
export interface Ratio extends Figure {
  /** The quotient of the two medians, which tables show next to it. */
  readonly ofMedians: number;
}

/** If a ratio and the quotient of the medians differ by more than this factor, the ratio is rough. */
const FAR_APART = 1.25;

/**
 * Whether a ratio is rough, so that it says little: its rounds are on both sides of 1, or it is far from the quotient of the medians.
 * False for one round, in which it is unknown.
 */
export function isRough(value: Ratio): boolean {
  return (value.lowest < 1 && value.highest > 1) || apartFromMedians(value) > FAR_APART;
}

/** The factor between a ratio and the quotient of the medians, at least 1. */
export function apartFromMedians({ median: paired, ofMedians }: Ratio): number {
  return Math.max(paired / ofMedians, ofMedians / paired);
}

/** A peer's figure in a scenario's result; undefined if it was not measured. */
export function figure(result: ScenarioResult | undefined, peer: string, metric: Metric): Figure | undefined {
  const values = valuesOf(result, peer, metric);
  return values.length === 0 ? undefined : figureOf(values);
}

/**
 * One peer's figure divided by another's, within each round.
 *
 * @returns undefined if one was not measured, or was 0 or less in a round
 */
export function pairedRatio(
  result: ScenarioResult | undefined,
  one: string,
  other: string,
  metric: Metric,
): Ratio | undefined {
  return ratioBetween(result, one, result, other, metric);
}

/** Like {@link pairedRatio}, of a figure in one scenario and a figure in another. */
export function ratioBetween(
  result: ScenarioResult | undefined,
  one: string,
  otherResult: ScenarioResult | undefined,
  other: string,
  metric: Metric,
): Ratio | undefined {
  const ones = valuesOf(result, one, metric);
  const others = valuesOf(otherResult, other, metric);
  if (ones.length === 0 || others.length === 0) return undefined;
  if ([...ones, ...others].some((value) => value <= 0)) return undefined;
  return { ...byRounds(ones, others, ratio), ofMedians: ratio(median(ones), median(others)) };
}

/**
 * A figure in one scenario minus a figure in another, within each round.
 *
 * @returns undefined if one was not measured
 */
export function differenceBetween(
  result: ScenarioResult | undefined,
  one: string,
  otherResult: ScenarioResult | undefined,
  other: string,
  metric: Metric,
): Figure | undefined {
  const ones = valuesOf(result, one, metric);
  const others = valuesOf(otherResult, other, metric);
  if (ones.length === 0 || others.length === 0) return undefined;
  return byRounds(ones, others, (value, less) => value - less);
}

/**
 * Compares values of the same round, because its turns are nearest in time. Samples with the same index are from the same round, because
 * a peer that fails in a round has no result. If one has more samples than the other, the medians are compared. The range then is from the
 * lowest to the highest possible result.
 */
function byRounds(
  ones: readonly number[],
  others: readonly number[],
  compare: (one: number, other: number) => number,
): Figure {
  if (ones.length === others.length) {
    return figureOf(ones.map((one, round) => compare(one, others[round] ?? Number.NaN)));
  }
  const [above, below] = [figureOf(ones), figureOf(others)];
  return figureOf([
    compare(above.lowest, below.highest),
    compare(above.median, below.median),
    compare(above.highest, below.lowest),
  ]);
}

/** The summary of at least one value. */
export function figureOf(values: readonly number[]): Figure {
  return {
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    spread: spread(values),
  };
}

function valuesOf(result: ScenarioResult | undefined, peer: string, metric: Metric): number[] {
  const samples = result?.results.find((each) => each.peer === peer)?.samples ?? [];
  return samples.map((sample) => sample[metric]).filter((value) => value !== undefined);
}
