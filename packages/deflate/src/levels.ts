// The levels of compression, from none to the shortest output.

/** How `assembly/deflate.ts` looks for matches. */
export interface Level {
  readonly search: number;
  /** Quick: of how many positions within a match one is entered. Thorough: how many places are looked at. */
  readonly depth: number;
  /** A match of so many bytes is long enough. */
  readonly nice: number;
  /** A match of so many bytes is taken without a look at what follows. */
  readonly lazyBelow: number;
}

// `Search` of `assembly/deflate.ts`.
const NONE = 0;
const QUICK = 1;
const EITHER = 2;
const TWICE = 3;

/** Its output is within 3 % of that of zlib's default. */
export const DEFAULT_LEVEL = 6;

const LEVELS: readonly Level[] = [
  { search: NONE, depth: 0, nice: 0, lazyBelow: 0 },
  { search: QUICK, depth: 8, nice: 0, lazyBelow: 4 },
  { search: QUICK, depth: 4, nice: 0, lazyBelow: 16 },
  { search: QUICK, depth: 2, nice: 0, lazyBelow: 32 },
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
  if (found === undefined)
    throw new RangeError(`level has to be an integer from 0 to 9, and is ${String(level)}`);
  return found;
}

/** Whether a level finds places by chains, otherwise by buckets. */
export function isChained({ search }: Level): boolean {
  return search === TWICE;
}
