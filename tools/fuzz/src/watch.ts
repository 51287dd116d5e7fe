// A run in a thread of its own, watched from outside: what never comes back, or eats all memory, is a finding as well.
import { Worker } from 'node:worker_threads';
import type { FoundInput, Progress } from './engine.ts';

/** What a run needs to know, as it is sent to the thread. */
export interface Assignment {
  /** The module whose `TARGETS` has the target. */
  readonly module: string;
  readonly target: string;
  readonly seed: number;
  readonly runs: number | undefined;
  readonly milliseconds: number | undefined;
  readonly corpus: readonly Uint8Array[];
  /** Whether inputs that went a new way are to be made short. */
  readonly grow: boolean;
}

/** What the thread sends. */
export type Report =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** What a run came to. */
export interface Outcome {
  readonly progress: Progress;
  readonly found: FoundInput | undefined;
  /** Short inputs that go ways on which none of the corpus goes, where that was asked for. */
  readonly grown: readonly { readonly way: string; readonly input: Uint8Array }[];
}

/** Beyond these it is a finding. */
export interface Patience {
  /** How long one input may take, in ms. */
  readonly milliseconds: number;
  /** How much memory the whole process may have, in bytes. */
  readonly memory: number;
}

const DEFAULT_PATIENCE: Patience = { milliseconds: 60_000, memory: 1.5 * 2 ** 30 };

/** Where the thread writes down the input that it is about to run: a number that grows, its length, its bytes. */
export class CurrentInput {
  readonly shared: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared = new SharedArrayBuffer(8 + 2 ** 20)) {
    this.shared = shared;
    this.#numbers = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, 8);
  }

  set(input: Uint8Array): void {
    const kept = input.subarray(0, this.#bytes.length);
    this.#bytes.set(kept);
    this.#numbers[1] = kept.length;
    Atomics.add(this.#numbers, 0, 1);
  }

  /** How many inputs have been written down. */
  get count(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get(): Uint8Array {
    return this.#bytes.slice(0, this.#numbers[1]);
  }
}

/** Runs an assignment to its end, or to the end of patience. */
export async function watch(
  assignment: Assignment,
  onProgress: (progress: Progress) => void,
  patience: Patience = DEFAULT_PATIENCE,
): Promise<Outcome> {
  const current = new CurrentInput();
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
    workerData: { assignment, shared: current.shared },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let last: Progress = { runs: 0, ways: 0, milliseconds: 0 };
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      const found = (what: string): void => {
        const input = current.get();
        resolve({ progress: last, found: { what, input, shortest: input }, grown: [] });
      };
      timer = watchClock(current, patience, found);
      worker.on('message', (report: Report) => {
        if (report.kind === 'end') resolve(report.outcome);
        else onProgress((last = report.progress));
      });
      worker.on('error', (error) => {
        // Before the first input it is no target that is to blame.
        if (current.count === 0) reject(error);
        else found(`ended the thread: ${String(error)}`);
      });
      worker.on('exit', (code) => found(`ended the thread with the code ${code}`));
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

/** Looks at the thread, which cannot look at itself while it hangs. */
function watchClock(
  current: CurrentInput,
  patience: Patience,
  found: (what: string) => void,
): NodeJS.Timeout {
  let count = -1;
  let since = performance.now();
  return setInterval(
    () => {
      if (process.memoryUsage.rss() > patience.memory)
        found(`takes more than ${patience.memory} bytes of memory`);
      if (current.count !== count) {
        count = current.count;
        since = performance.now();
      } else if (count > 0 && performance.now() - since > patience.milliseconds) {
        found(`does not come back within ${patience.milliseconds} ms`);
      }
    },
    Math.min(1000, patience.milliseconds / 2),
  );
}
