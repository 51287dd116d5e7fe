// What a run comes to: samples by scenario and peer, and the figures made of them.
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
  heap: { title: 'heap KB', digits: 2 },
  rss: { title: 'RSS KB', digits: 2 },
  external: { title: 'external KB', digits: 2 },
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

/** One scenario with all who took part. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly results: readonly PeerResult[];
  readonly skipped: readonly Skipped[];
}

/** A whole run. */
export interface RunResult {
  /** When, where and with what: so that the figures can be judged later. */
  readonly machine: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly quick: boolean;
  readonly scenarios: readonly ScenarioResult[];
}

/** What the values of all rounds come to. */
export interface Figure {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** Highest less lowest, as a part of the median; undefined of one round. */
  readonly spread: number | undefined;
}

/** How many times as much one peer's figure is as another's. */
export interface Ratio extends Figure {
  /** The same of the two medians, which stand beside it in tables. */
  readonly ofMedians: number;
}

/** How many times a ratio and that of the medians are each other, from which on the two say different things. */
const FAR_APART = 1.25;

/**
 * Whether a ratio is rough, so that it says little: its rounds are on both sides of 1, or it is far
 * from the ratio of the medians. With one round, this is unknown.
 */
export function isRough(value: Ratio): boolean {
  return (value.lowest < 1 && value.highest > 1) || apartFromMedians(value) > FAR_APART;
}

/** How many times as much the greater is as the lesser of a ratio and that of the medians: 1 where they are the same. */
export function apartFromMedians({ median: paired, ofMedians }: Ratio): number {
  return Math.max(paired / ofMedians, ofMedians / paired);
}

/** A peer's figure in a scenario's result; undefined where it was not measured. */
export function figure(result: ScenarioResult | undefined, peer: string, metric: Metric): Figure | undefined {
  const values = valuesOf(result, peer, metric);
  return values.length === 0 ? undefined : figureOf(values);
}

/**
 * How many times as much one peer's figure is as another's, taken within each round, as its turns are nearest in time. Samples of
 * the same index are of the same round: who fails in one has no result. Where one has more samples than the other, it is the ratio of
 * the medians, between the least and the most that the rounds allow.
 *
 * @returns undefined where one was not measured, or was nought or less in a round
 */
export function pairedRatio(
  result: ScenarioResult | undefined,
  one: string,
  other: string,
  metric: Metric,
): Ratio | undefined {
  const ones = valuesOf(result, one, metric);
  const others = valuesOf(result, other, metric);
  if (ones.length === 0 || others.length === 0) return undefined;
  if ([...ones, ...others].some((value) => value <= 0)) return undefined;
  const [above, below] = [figureOf(ones), figureOf(others)];
  const ofMedians = above.median / below.median;
  const rounds =
    ones.length === others.length
      ? ones.map((value, round) => ratio(value, others[round]))
      : [above.lowest / below.highest, ofMedians, above.highest / below.lowest];
  return { ...figureOf(rounds), ofMedians };
}

/** What values come to, of which there is at least one. */
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
