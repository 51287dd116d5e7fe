// The figures and ratios of samples.
import { expect, test } from 'vitest';
import {
  apartFromMedians,
  differenceBetween,
  figure,
  isRough,
  pairedRatio,
  ratioBetween,
  type ScenarioResult,
} from '../src/results.ts';

/** A scenario with these CPU times, one for each round. */
function resultWith(cpu: Record<string, number[]>): ScenarioResult {
  const results = Object.entries(cpu).map(([peer, values]) => ({
    ...{ peer, runtime: '' },
    samples: values.map((value) => ({ cpu: value })),
  }));
  return { scenario: 'echo-64x1', results, skipped: [] };
}

test('a figure is the median of the rounds with the lowest and the highest', () => {
  const result = resultWith({ ws: [10, 12, 9] });
  expect(figure(result, 'ws', 'cpu')).toEqual({ median: 10, lowest: 9, highest: 12, spread: 0.3 });
  expect(figure(result, 'ws', 'p50')).toBeUndefined();
  expect(figure(result, 'net', 'cpu')).toBeUndefined();
});

test('a ratio is taken within each round, so that a round that is slow for both adds no spread', () => {
  const result = resultWith({ framewire: [10, 100, 15], ws: [20, 200, 30] });
  expect(pairedRatio(result, 'framewire', 'ws', 'cpu')).toMatchObject({ median: 0.5, spread: 0 });
});

test('the median of the ratios is not the ratio of the medians', () => {
  const result = resultWith({ framewire: [1, 2, 3], ws: [3, 1, 2] });
  const ratio = pairedRatio(result, 'framewire', 'ws', 'cpu');
  expect(ratio).toMatchObject({ median: 1.5, lowest: 1 / 3, highest: 2 });
});

test('if one peer has more samples than the other, the ratio is that of the medians, with the extremes as its range', () => {
  const result = resultWith({ framewire: [8, 10, 12], ws: [16, 24] });
  expect(pairedRatio(result, 'framewire', 'ws', 'cpu')).toMatchObject({
    median: 10 / 20,
    lowest: 8 / 24,
    highest: 12 / 16,
  });
});

test('two scenarios are compared within each round', () => {
  const one = resultWith({ framewire: [12, 24, 36] });
  const other = resultWith({ framewire: [10, 20, 30] });
  expect(ratioBetween(one, 'framewire', other, 'framewire', 'cpu')).toMatchObject({ median: 1.2, spread: 0 });
  expect(differenceBetween(one, 'framewire', other, 'framewire', 'cpu')).toMatchObject({
    ...{ lowest: 2, median: 4, highest: 6 },
  });
  expect(differenceBetween(one, 'framewire', other, 'ws', 'cpu')).toBeUndefined();
  expect(differenceBetween(one, 'framewire', undefined, 'framewire', 'cpu')).toBeUndefined();
  const fewer = resultWith({ framewire: [10, 20] });
  expect(differenceBetween(one, 'framewire', fewer, 'framewire', 'cpu')).toMatchObject({
    ...{ lowest: 12 - 20, median: 24 - 15, highest: 36 - 10 },
  });
});

test('a figure that was not measured, or is 0 or less, has no ratio', () => {
  const result = resultWith({ framewire: [1, 2], ws: [1, 0], net: [-1, 1] });
  for (const other of ['ws', 'net', 'bun']) {
    expect(pairedRatio(result, 'framewire', other, 'cpu')).toBeUndefined();
    expect(pairedRatio(result, other, 'framewire', 'cpu')).toBeUndefined();
  }
});

test.each([
  ['all above 1', [10, 10, 10], [11, 12, 13], false],
  ['all below 1', [10, 10, 10], [7, 8, 9], false],
  ['on both sides of 1', [10, 10, 10], [9, 12, 13], true],
  ['at 1 and above', [10, 10, 10], [10, 10, 11], false],
  // By round 1.12, 2 and 1.2; the medians are 10 and 20.
  ['above 1, with a quotient of the medians that is 1.7 times as much', [10, 10, 25], [11.2, 20, 30], true],
  // By round 5.5, 1.2 and 1.2; the medians are 10 and 12.
  ['above 1, with the same quotient of the medians', [2, 10, 20], [11, 12, 24], false],
  ['of a single round', [10], [40], false],
])('a ratio with rounds %s: %j and %j, is rough: %s', (_, ours, theirs, rough) => {
  const ratio = pairedRatio(resultWith({ framewire: ours, ws: theirs }), 'ws', 'framewire', 'cpu')!;
  expect(isRough(ratio)).toBe(rough);
});

test('the factor between a ratio and that of the medians is the same in both directions', () => {
  const result = resultWith({ framewire: [1, 2, 4], ws: [8, 2, 4] });
  // By round 8, 1 and 1; the medians are 2 and 4.
  expect(apartFromMedians(pairedRatio(result, 'ws', 'framewire', 'cpu')!)).toBe(2);
  expect(apartFromMedians(pairedRatio(result, 'framewire', 'ws', 'cpu')!)).toBe(2);
});
