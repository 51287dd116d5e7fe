// Pseudo-random numbers that are the same in every run.

/** Returns a generator of numbers below a limit. The same seed gives the same numbers. */
export function numbers(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
}
