// The figures that are made of samples.
import { expect, test } from 'vitest';
import { figure, pairedRatio, type ScenarioResult } from '../src/results.ts';

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

test('a ratio is taken within each round, so that a round that is slow for both makes no spread', () => {
  const result = resultWith({ framewire: [10, 100, 15], ws: [20, 200, 30] });
  expect(pairedRatio(result, 'framewire', 'ws', 'cpu')).toMatchObject({ median: 0.5, spread: 0 });
});

test('the median of the ratios is not the ratio of the medians', () => {
  const result = resultWith({ framewire: [1, 2, 3], ws: [3, 1, 2] });
  const ratio = pairedRatio(result, 'framewire', 'ws', 'cpu');
  expect(ratio).toMatchObject({ median: 1.5, lowest: 1 / 3, highest: 2 });
});

test('where one has more samples than the other, the medians are divided, between the extremes', () => {
  const result = resultWith({ framewire: [8, 10, 12], ws: [16, 24] });
  expect(pairedRatio(result, 'framewire', 'ws', 'cpu')).toMatchObject({
    median: 10 / 20,
    lowest: 8 / 24,
    highest: 12 / 16,
  });
});

test('what was not measured, or is nought or less, has no ratio', () => {
  const result = resultWith({ framewire: [1, 2], ws: [1, 0], net: [-1, 1] });
  for (const other of ['ws', 'net', 'bun']) {
    expect(pairedRatio(result, 'framewire', other, 'cpu')).toBeUndefined();
    expect(pairedRatio(result, other, 'framewire', 'cpu')).toBeUndefined();
  }
});
