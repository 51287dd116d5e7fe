/** Returns a generator of numbers below a limit. The same seed gives the same numbers. */
export function numbers(seed: number): (limit: number) => number;
