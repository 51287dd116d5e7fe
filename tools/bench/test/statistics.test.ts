// The arithmetic of a report.
import { expect, test } from 'vitest';
import { parseCoreList } from '../src/pinning.ts';
import { median, ratio, spread } from '../src/statistics.ts';

test('the median is the value in the middle, whatever the order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 100])).toBe(10);
});

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('the median of no values is NaN', () => {
  expect(median([])).toBeNaN();
});

test('the spread is the highest value minus the lowest, as a fraction of the median', () => {
  expect(spread([10, 12, 9])).toBeCloseTo(0.3);
  expect(spread([-10, -12, -9])).toBeCloseTo(0.3);
});

test('fewer than two values have no spread', () => {
  expect(spread([7])).toBeUndefined();
  expect(spread([])).toBeUndefined();
});

test('a ratio needs both figures, and a divisor other than 0', () => {
  expect(ratio(6, 3)).toBe(2);
  expect(ratio(undefined, 3)).toBeNaN();
  expect(ratio(3, undefined)).toBeNaN();
  expect(ratio(3, 0)).toBeNaN();
});

test('a list of cores has ranges and single cores', () => {
  expect(parseCoreList('0-2,5')).toEqual([0, 1, 2, 5]);
  expect(parseCoreList('3')).toEqual([3]);
  expect(parseCoreList('')).toEqual([]);
});
