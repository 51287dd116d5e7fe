// What a run comes to: samples by scenario and peer, and the figures made of them.
import { median, spread } from './statistics.ts';

/** What can be told of a peer in a scenario. */
export const METRICS = {
  cpu: { title: 'CPU µs a message', digits: 2 },
  rate: { title: 'messages/s', digits: 0 },
  p50: { title: 'p50 µs', digits: 0 },
  p99: { title: 'p99 µs', digits: 0 },
  bytes: { title: 'bytes', digits: 0 },
  held: { title: 'loop held ms', digits: 1 },
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

/** Median and spread of a metric; undefined where it was not measured. */
export interface Figure {
  readonly median: number;
  /** Highest less lowest, as a part of the median. */
  readonly spread: number;
}

/** A peer's figure in a scenario's result. */
export function figure(result: ScenarioResult | undefined, peer: string, metric: Metric): Figure | undefined {
  const samples = result?.results.find((each) => each.peer === peer)?.samples ?? [];
  const values = samples.map((sample) => sample[metric]).filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  return { median: median(values), spread: spread(values) };
}
