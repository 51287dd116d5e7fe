// What has changed between two runs.
import { expect, test } from 'vitest';
import { compare, describeComparison } from '../src/compare.ts';
import type { Metric, RunResult, Sample } from '../src/results.ts';

/** A run of one scenario with these figures of ours and of ws, one for each round. */
function runOf(scenario: string, metric: Metric, ours: number[], theirs: number[]): RunResult {
  const results = Object.entries({ framewire: ours, ws: theirs }).map(([peer, values]) => ({
    ...{ peer, runtime: '' },
    samples: values.map((value): Sample => ({ ...(metric === 'bytes' && { cpu: 1 }), [metric]: value })),
  }));
  return { machine: {}, rounds: 3, quick: false, scenarios: [{ scenario, results, skipped: [] }] };
}

const pushing = (ours: number[], theirs: number[]): RunResult => runOf('push-64', 'cpu', ours, theirs);

test('a ratio to ws that changed by more than the noise is reported', () => {
  const comparison = compare(pushing([0.5], [5]), pushing([0.8], [5]));
  expect(comparison).toEqual({
    compared: 1,
    moves: [{ scenario: 'push-64', metric: 'cpu', then: 0.1, now: 0.16, noise: 0.15 }],
  });
  expect(describeComparison(comparison)).toBe(
    'Of 1 ratios to ws, 1 changed by more than the noise since the committed results:\n  push-64 cpu: framewire / ws was 0.100, is 0.160 (60 %, worse; noise 15 %)',
  );
});

test('no ratio is reported if all peers are slower, or if it changed by less than the spread', () => {
  const before = pushing([0.5], [5]);
  expect(compare(before, pushing([0.3, 0.65, 0.9], [5, 5, 5]))).toEqual({ compared: 1, moves: [] });
  const comparison = compare(before, pushing([1], [10]));
  expect(comparison).toEqual({ compared: 1, moves: [] });
  expect(describeComparison(comparison)).toContain('Of 1 ratios to ws, none has changed');
});

test('rounds that were slow for both peers add no noise', () => {
  const { moves } = compare(pushing([0.5, 1, 2], [5, 10, 20]), pushing([0.7, 1.4, 2.8], [5, 10, 20]));
  expect(moves).toEqual([expect.objectContaining({ then: 0.1, noise: 0.15 })]);
});

test.each([
  ['push-64', 'cpu', 2, 1],
  ['push-64', 'cpu', 1.1, 0],
  ['ping-pong', 'p50', 2, 1],
  ['idle', 'rss', 2, 1],
  ['deflate-16k', 'bytes', 1.1, 1],
  ['deflate-16k', 'bytes', 1.04, 0],
] as const)(
  '%s, %s: if the figure of ours is %d times as high, %d changes are reported',
  (scenario, metric, times, count) => {
    const { moves } = compare(runOf(scenario, metric, [1], [5]), runOf(scenario, metric, [times], [5]));
    expect(moves).toHaveLength(count);
  },
);

test.each([
  ['idle', true, 0],
  ['idle', false, 1],
  ['idle-takeover', true, 1],
])('a quick run is compared with a full one only if it has as many connections', (name, quick, count) => {
  const after = { ...runOf(name, 'rss', [3], [5]), quick };
  expect(compare(runOf(name, 'rss', [1], [5]), after).compared).toBe(count);
});

test('the reason is printed if nothing could be compared', () => {
  const nothing = { compared: 0, moves: [] };
  expect(compare({ ...pushing([1], [1]), scenarios: [] }, pushing([1], [1]))).toEqual(nothing);
  expect(compare(pushing([1], []), pushing([1], [1]))).toEqual(nothing);
  expect(describeComparison(nothing)).toMatch(/^Nothing could be compared: no scenario/);
  expect(describeComparison(undefined)).toMatch(
    /^Nothing could be compared: no results of this line of Node/,
  );
});
