// How figures are written, and the style of tables in a terminal.
import { METRICS, type Figure, type Metric } from './results.ts';

/** What stands where nothing was measured. */
const NOTHING = '-';

/** A table without colours of its own and without lines between its rows. */
export const TABLE_STYLE = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

/** With separators between thousands, and as many digits behind the point as asked for. */
export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A figure's median, in the digits of its metric. */
export function formatMedian(value: Figure | undefined, metric: Metric): string {
  return value === undefined ? NOTHING : formatNumber(value.median, METRICS[metric].digits);
}

/** A figure's spread, in per cent. */
export function formatSpread(value: Figure | undefined): string {
  return value === undefined ? NOTHING : `${formatNumber(value.spread * 100, 0)} %`;
}

/** How many times as much one is as another. */
export function formatRatio(value: number, digits = 2): string {
  return Number.isNaN(value) ? NOTHING : value.toFixed(digits);
}
