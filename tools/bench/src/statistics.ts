// The arithmetic of a report.

/**
 * The value in the middle, or the mean of the two in the middle for an even number of values.
 *
 * @returns NaN for no values
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The highest value minus the lowest, as a fraction of the median: 0.1 is 10 %.
 *
 * @returns undefined for fewer than two values
 */
export function spread(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  return (Math.max(...values) - Math.min(...values)) / Math.abs(median(values));
}

/** One divided by the other; NaN if either is missing, or the other is 0. */
export function ratio(one: number | undefined, other: number | undefined): number {
  if (one === undefined || other === undefined || other === 0) return Number.NaN;
  return one / other;
}
