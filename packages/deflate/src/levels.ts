// The compression levels, from stored blocks to the shortest output.

/** How `assembly/deflate.ts` looks for matches. */
export interface Level {
  readonly search: number;
  /** How many positions the thorough search compares. */
  readonly depth: number;
  /** The thorough search stops at a match of this length. */
  readonly nice: number;
  /** The search takes a match of at least this length without looking at the next position. */
  readonly lazyBelow: number;
}

// Values of `Search` in `assembly/deflate.ts`.
const NONE = 0;
const QUICK = 1;
const EITHER = 2;
const TWICE = 3;

/** Its output is about as long as that of zlib's default level. */
export const DEFAULT_LEVEL = 6;

const LEVELS: readonly Level[] = [
  { search: NONE, depth: 0, nice: 0, lazyBelow: 0 },
  { search: QUICK, depth: 0, nice: 0, lazyBelow: 4 },
  { search: QUICK, depth: 0, nice: 0, lazyBelow: 16 },
  { search: QUICK, depth: 0, nice: 0, lazyBelow: 32 },
  { search: EITHER, depth: 4, nice: 32, lazyBelow: 16 },
  { search: EITHER, depth: 8, nice: 64, lazyBelow: 32 },
  { search: EITHER, depth: 12, nice: 64, lazyBelow: 32 },
  { search: TWICE, depth: 20, nice: 128, lazyBelow: 64 },
  { search: TWICE, depth: 40, nice: 258, lazyBelow: 128 },
  { search: TWICE, depth: 80, nice: 258, lazyBelow: 128 },
];

/** @throws `RangeError` */
export function levelOf(level = DEFAULT_LEVEL): Level {
  const found = LEVELS[level];
  if (found === undefined) throw new RangeError(`level must be an integer from 0 to 9, not ${String(level)}`);
  return found;
}

/** Whether a level searches in chains from the start, instead of in buckets. */
export function isChained({ search }: Level): boolean {
  return search === TWICE;
}
