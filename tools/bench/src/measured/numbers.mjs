// Numbers for what is to look like chance, and to be the same in every run.

/** What gives the next number below a limit; each seed begins somewhere else. */
export function numbers(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
}
