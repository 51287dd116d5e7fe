// A time limit that a program sets.

/** The longest delay of a Node timer, in ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * The time limit that an option of a broker sets, in ms. One that a timer cannot represent is reduced to the longest one, about 24 days.
 *
 * @throws `RangeError` for a limit that is not above 0
 */
export function timeLimit(timeout: number | undefined, fallback: number): number {
  const limit = timeout ?? fallback;
  if (!(limit > 0)) throw new RangeError('The timeout must be greater than 0');
  return Math.min(limit, LONGEST);
}
