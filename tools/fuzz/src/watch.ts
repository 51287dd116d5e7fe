// A run in its own thread, which the main thread watches. An input that never returns, or that uses too much memory, is also a finding.
import { Worker } from 'node:worker_threads';
import type { FoundInput, Progress } from './engine.ts';

/** What the main thread passes to the thread of a run. */
export interface Assignment {
  /** The module whose `TARGETS` include the target. */
  readonly module: string;
  readonly target: string;
  readonly seed: number;
  readonly runs: number | undefined;
  readonly milliseconds: number | undefined;
  readonly corpus: readonly Uint8Array[];
  /** Whether inputs with a new outcome are shortened and returned. */
  readonly grow: boolean;
}

/** What the thread sends. */
export type Report =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'end'; readonly result: WatchResult };

/** The result of a run. */
export interface WatchResult {
  readonly progress: Progress;
  readonly found: FoundInput | undefined;
  /** With `grow`: short inputs with outcomes that no input of the corpus has. Otherwise empty. */
  readonly grown: readonly { readonly outcome: string; readonly input: Uint8Array }[];
}

/** The limits of one input. Exceeding them is a finding. */
export interface Patience {
  /** How long one input may take, in ms. */
  readonly milliseconds: number;
  /** How much memory the whole process may have, in bytes. */
  readonly memory: number;
}

const DEFAULT_PATIENCE: Patience = { milliseconds: 60_000, memory: 1.5 * 2 ** 30 };

/** Memory in which the thread records the input that it is about to run: a counter, the length and the bytes. */
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

  /** How many inputs have been recorded. */
  get count(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get(): Uint8Array {
    return this.#bytes.slice(0, this.#numbers[1]);
  }
}

/** Runs an assignment to its end, or until an input exceeds the limits. */
export async function watch(
  assignment: Assignment,
  onProgress: (progress: Progress) => void,
  patience: Patience = DEFAULT_PATIENCE,
): Promise<WatchResult> {
  const current = new CurrentInput();
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
    workerData: { assignment, shared: current.shared },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let last: Progress = { runs: 0, outcomes: 0, milliseconds: 0 };
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<WatchResult>((resolve, reject) => {
      const found = (what: string): void => {
        const input = current.get();
        resolve({ progress: last, found: { what, input, shortest: input }, grown: [] });
      };
      timer = watchClock(current, patience, found);
      worker.on('message', (report: Report) => {
        if (report.kind === 'end') resolve(report.result);
        else onProgress((last = report.progress));
      });
      worker.on('error', (error) => {
        // Before the first input, the error is not from the target.
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

/** Watches the time and the memory from the main thread, because a thread that hangs cannot. */
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
        found(`uses more than ${patience.memory} bytes of memory`);
      if (current.count !== count) {
        count = current.count;
        since = performance.now();
      } else if (count > 0 && performance.now() - since > patience.milliseconds) {
        found(`does not return within ${patience.milliseconds} ms`);
      }
    },
    Math.min(1000, patience.milliseconds / 2),
  );
}
