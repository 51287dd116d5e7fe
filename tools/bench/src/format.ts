// The format of figures, and the style of tables in a terminal.
import { isRough, type Figure, type Ratio } from './results.ts';

/** Shown if nothing was measured. */
export const NOTHING = '-';

/** Shown before a rough ratio. */
export const ROUGH = '≈';

/** A table without colours of its own and without lines between its rows. */
export const TABLE_STYLE = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

/** A number with separators between thousands, and this many digits after the decimal point. */
export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A figure's median. */
export function formatMedian(value: Figure | undefined, digits: number): string {
  return value === undefined ? NOTHING : formatNumber(value.median, digits);
}

/** A ratio's median, marked if it is rough. */
export function formatRatio(value: Ratio | undefined, digits: number): string {
  return `${value !== undefined && isRough(value) ? ROUGH : ''}${formatMedian(value, digits)}`;
}

/** A figure from its lowest round to its highest; a dash for one round. */
export function formatRange(value: Figure | undefined, digits: number): string {
  if (value?.spread === undefined) return NOTHING;
  return `${formatNumber(value.lowest, digits)} to ${formatNumber(value.highest, digits)}`;
}

/** A figure's spread, in per cent; a dash for one round. */
export function formatSpread(value: Figure | undefined): string {
  return value?.spread === undefined ? NOTHING : `${formatNumber(value.spread * 100, 0)} %`;
}
