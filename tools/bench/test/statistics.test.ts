// The arithmetic of a report.
import { expect, test } from 'vitest';
import { parseCoreList } from '../src/pinning.ts';
import { median, ratio, spread } from '../src/statistics.ts';

test('the median is the value in the middle, whatever the order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 100])).toBe(10);
});

test('the median of an even number of values lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('the median of nothing is no number', () => {
  expect(median([])).toBeNaN();
});

test('the spread is the distance of the extremes as a part of the median', () => {
  expect(spread([10, 12, 9])).toBeCloseTo(0.3);
  expect(spread([-10, -12, -9])).toBeCloseTo(0.3);
});

test('of less than two values nobody knows the spread', () => {
  expect(spread([7])).toBeUndefined();
  expect(spread([])).toBeUndefined();
});

test('a ratio needs both figures, and a divisor that is not nought', () => {
  expect(ratio(6, 3)).toBe(2);
  expect(ratio(undefined, 3)).toBeNaN();
  expect(ratio(3, undefined)).toBeNaN();
  expect(ratio(3, 0)).toBeNaN();
});

test('a list of cores is ranges and single ones', () => {
  expect(parseCoreList('0-2,5')).toEqual([0, 1, 2, 5]);
  expect(parseCoreList('3')).toEqual([3]);
  expect(parseCoreList('')).toEqual([]);
});
