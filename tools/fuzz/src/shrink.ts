// Shortens the input of a finding: removes bytes and sets bytes to zero while it still fails.

/** The limits of shortening: how many attempts, and how many ms. */
const MOST_TRIES = 3000;
const LONGEST = 10_000;

/** The shortest input found for which `fails` still resolves with true. */
export async function shrink(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
  mostTries = MOST_TRIES,
): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  const deadline = performance.now() + LONGEST;
  const isEnough = (): boolean => tries >= mostTries || performance.now() > deadline;
  const accept = async (candidate: Uint8Array): Promise<boolean> => {
    tries++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  let before: Uint8Array;
  do {
    before = best;
    for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < best.length && !isEnough();) {
        if (!(await accept(without(best, at, size)))) at += size;
      }
    }
    for (let at = 0; at < best.length && !isEnough(); at++) {
      if (best[at] !== 0) await accept(withZero(best, at));
    }
  } while (best !== before && !isEnough());
  return best;
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
}

function withZero(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = 0;
  return copy;
}
