// The format of figures.
import { expect, test } from 'vitest';
import { formatMedian, formatNumber, formatRange, formatRatio, formatSpread } from '../src/format.ts';

test('numbers have separators between thousands and the requested digits', () => {
  expect(formatNumber(1234.567, 0)).toBe('1,235');
  expect(formatNumber(1234.5, 2)).toBe('1,234.50');
});

test('a figure is shown as its median, its range, or its spread in per cent', () => {
  const figure = { median: 1.5, lowest: 1.25, highest: 1.634, spread: 0.256 };
  expect(formatMedian(figure, 2)).toBe('1.50');
  expect(formatRange(figure, 2)).toBe('1.25 to 1.63');
  expect(formatSpread(figure)).toBe('26 %');
});

test('a ratio is shown as its median, marked if it is rough', () => {
  const ratio = { median: 1.5, lowest: 1.25, highest: 1.634, spread: 0.256, ofMedians: 1.5 };
  expect(formatRatio(ratio, 1)).toBe('1.5');
  expect(formatRatio({ ...ratio, lowest: 0.9 }, 1)).toBe('≈1.5');
  expect(formatRatio({ ...ratio, ofMedians: 3 }, 1)).toBe('≈1.5');
  expect(formatRatio(undefined, 1)).toBe('-');
});

test('a figure of one round has no range and no spread', () => {
  const figure = { median: 1.5, lowest: 1.5, highest: 1.5, spread: undefined };
  expect([formatMedian(figure, 2), formatRange(figure, 2), formatSpread(figure)]).toEqual(['1.50', '-', '-']);
});

test('a figure that was not measured is shown as a dash', () => {
  expect([formatMedian(undefined, 0), formatRange(undefined, 0), formatSpread(undefined)]).toEqual([
    '-',
    '-',
    '-',
  ]);
});
