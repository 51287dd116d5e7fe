// The targets of framewire, as data, and the verdict on a run.
import {
  differenceBetween,
  figure,
  pairedRatio,
  ratioBetween,
  type Figure,
  type Metric,
  type RunResult,
  type ScenarioResult,
} from './results.ts';

/** The peer that the targets are for. */
export const OURS = 'framewire';

/** One line of the table: a bound for framewire's figure, by itself or compared with another. */
export interface Target {
  readonly scenario: string;
  readonly metric: Metric;
  /** The peer that ours is compared with. Undefined for a bound on the figure itself. */
  readonly peer?: string;
  /** The scenario that the other figure comes from. Default: the same. */
  readonly other?: string;
  readonly bound: Bound;
}

/**
 * - `gain`: theirs / ours is at least this.
 * - `share`: ours / theirs is at most this.
 * - `excess`: ours - theirs is at most this.
 * - `value`: ours is at most this.
 */
export type Bound =
  | { readonly gain: number }
  | { readonly share: number }
  | { readonly excess: number }
  | { readonly value: number };

/** A target with what was measured. */
export interface Verdict {
  readonly target: Target;
  /** In the unit of the bound; undefined if a figure is missing. */
  readonly measured: Figure | undefined;
  /** The verdict on the median. */
  readonly verdict: 'met' | 'missed' | 'not measured';
  /** Whether some rounds meet the target and some do not. */
  readonly withinNoise: boolean;
  /** Whether there was only one round, so that the noise is unknown. */
  readonly ofOneRound: boolean;
}

const gain = (scenario: string, atLeast: number): Target => ({
  ...{ scenario, metric: 'cpu', peer: 'ws' },
  bound: { gain: atLeast },
});

const share = (scenario: string, peer: string, atMost: number, metric: Metric = 'cpu'): Target => ({
  ...{ scenario, metric, peer },
  bound: { share: atMost },
});

/** Ours divided by ours in another scenario is at most this. */
const shareOf = (scenario: string, other: string, atMost: number): Target => ({
  ...{ scenario, metric: 'cpu', peer: OURS, other },
  bound: { share: atMost },
});

/** The event loop is held at most this many milliseconds longer than in another scenario. */
const heldNoLonger = (scenario: string, other: string, atMost: number): Target => ({
  ...{ scenario, metric: 'held', peer: OURS, other },
  bound: { excess: atMost },
});

/** Every target. */
export const targets: readonly Target[] = [
  gain('echo-64x1', 1.12),
  share('echo-64x1', 'net', 1),
  gain('echo-64x16', 9),
  share('echo-64x16', 'net', 1.2),
  shareOf('echo-64x16-guarded', 'echo-64x16', 1.05),
  gain('echo-64x64', 18),
  share('echo-20x64', 'bun', 1),
  gain('echo-1kx16', 6),
  gain('echo-16k', 1.1),
  gain('echo-64k', 1.2),
  gain('echo-1m', 1.3),
  share('echo-1m', 'net', 1.1),
  gain('echo-64m', 1),
  shareOf('scale-10k', 'scale-1k', 1.1),
  shareOf('scale-19k', 'scale-1k', 1.1),
  gain('push-64', 15),
  gain('push-1k', 4.5),
  gain('broadcast-x1', 1.2),
  share('broadcast-x1', 'net', 1),
  gain('broadcast-x10', 10),
  shareOf('broadcast-x10-guarded', 'broadcast-x10', 1.05),
  share('broadcast-x10-prepared', 'bun-publish', 1),
  // Two of 102 connections read nothing, and the figure is a delivery to one of the others.
  shareOf('broadcast-deaf', 'broadcast-16k', 1.05),
  share('publish-x1', 'bun-publish', 1),
  share('publish-x10', 'bun-publish', 1),
  share('publish-deflate-x1', 'bun-publish', 1),
  gain('upgrade', 1.2),
  share('deflate-512x1', 'bun', 1),
  gain('deflate-512x16', 9),
  share('deflate-512x16', 'bun', 0.85),
  gain('deflate-512x1-takeover', 5),
  share('deflate-512x1-takeover', 'bun', 1),
  ...['deflate-16k', 'deflate-16k-default'].flatMap((scenario) => [
    gain(scenario, 3),
    share(scenario, 'bun', 0.7),
    share(scenario, 'ws', 1.03, 'bytes'),
  ]),
  gain('deflate-16k-takeover', 2.5),
  ...['deflate-64k', 'deflate-1m'].flatMap((scenario): Target[] => [
    gain(scenario, 1.5),
    { scenario, metric: 'held', bound: { value: 5 } },
  ]),
  heldNoLonger('deflate-1m', 'echo-1m', 2),
  gain('broadcast-deflate-x1', 10),
  gain('broadcast-deflate-x10', 40),
  { scenario: 'client-64', metric: 'cpu', bound: { value: 0.5 } },
  { scenario: 'client-1k', metric: 'cpu', bound: { value: 1 } },
  gain('client-64k', 1.5),
  gain('client-1m', 1.5),
  { scenario: 'idle', metric: 'heap', bound: { value: 2 } },
  share('idle', 'ws', 0.9, 'rss'),
  { scenario: 'idle-deflate', metric: 'rss', peer: OURS, other: 'idle', bound: { excess: 2 } },
  { scenario: 'idle-takeover', metric: 'rss', bound: { value: 80 } },
  gain('heartbeat', 1),
  // 48 bytes a connection.
  { scenario: 'heartbeat', metric: 'heap', peer: OURS, other: 'idle', bound: { excess: 0.047 } },
  share('ping-pong', 'ws', 1, 'p50'),
  share('ping-pong', 'ws', 1, 'p99'),
];

/** The verdicts on the targets whose scenario was run. */
export function judge(run: RunResult, list: readonly Target[] = targets): Verdict[] {
  const ran = new Set(run.scenarios.map(({ scenario }) => scenario));
  return list
    .filter(({ scenario }) => ran.has(scenario))
    .map((target) => verdictOn(target, measure(target, run)));
}

function verdictOn(target: Target, measured: Figure | undefined): Verdict {
  if (!measured) return { target, measured, verdict: 'not measured', withinNoise: false, ofOneRound: false };
  const { bound } = target;
  const { median, lowest, highest } = measured;
  return {
    target,
    measured,
    verdict: meets(bound, median) ? 'met' : 'missed',
    withinNoise: meets(bound, lowest) !== meets(bound, highest),
    ofOneRound: measured.spread === undefined,
  };
}

/**
 * The figure that a target's bound applies to.
 *
 * @param subject the peer that is measured. Default: ours
 */
export function measure(
  { scenario, metric, peer = '', other = scenario, bound }: Target,
  run: RunResult,
  subject: string = OURS,
): Figure | undefined {
  const resultOf = (name: string): ScenarioResult | undefined =>
    run.scenarios.find((each) => each.scenario === name);
  const result = resultOf(scenario);
  if ('gain' in bound) return pairedRatio(result, peer, subject, metric);
  if ('share' in bound) return ratioBetween(result, subject, resultOf(other), peer, metric);
  if ('excess' in bound) return differenceBetween(result, subject, resultOf(other), peer, metric);
  return figure(result, subject, metric);
}

/** Scenarios in groups that are measured together, because a target compares the others of a group with its first. */
export function groupsOf<T extends { readonly name: string }>(list: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const scenario of list) {
    const base = targets.find((target) => target.scenario === scenario.name && target.other)?.other;
    const key = base ?? scenario.name;
    groups.set(key, [...(groups.get(key) ?? []), scenario]);
  }
  return [...groups.values()];
}

function meets(bound: Bound, value: number): boolean {
  if ('gain' in bound) return value >= bound.gain;
  if ('share' in bound) return value <= bound.share;
  return value <= ('excess' in bound ? bound.excess : bound.value);
}
