// How figures are written.
import { expect, test } from 'vitest';
import { formatMedian, formatNumber, formatRatio, formatSpread } from '../src/format.ts';

test('numbers have separators between thousands and the digits that were asked for', () => {
  expect(formatNumber(1234.567, 0)).toBe('1,235');
  expect(formatNumber(1234.5, 2)).toBe('1,234.50');
});

test('a median has the digits of its metric, a spread is in per cent', () => {
  const figure = { median: 1.5, spread: 0.256 };
  expect(formatMedian(figure, 'cpu')).toBe('1.50');
  expect(formatMedian(figure, 'held')).toBe('1.5');
  expect(formatSpread(figure)).toBe('26 %');
  expect(formatRatio(1.25)).toBe('1.25');
  expect(formatRatio(1.26, 1)).toBe('1.3');
});

test('what was not measured is a dash', () => {
  expect([formatMedian(undefined, 'cpu'), formatSpread(undefined), formatRatio(Number.NaN)]).toEqual([
    '-',
    '-',
    '-',
  ]);
});
