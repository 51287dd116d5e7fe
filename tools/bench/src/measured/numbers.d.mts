/** What gives the next number below a limit, the same ones for the same seed. */
export function numbers(seed: number): (limit: number) => number;
