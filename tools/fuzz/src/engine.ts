// The loop: generates an input or changes a kept one, runs the target, which checks the result, and keeps inputs with a new outcome.
import { createRandom, pick, type Random } from '@framewire/contract/random';
import { describeFinding } from './finding.ts';
import { mutate } from './mutation.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** The limits of a run, and the functions that observe it. */
export interface FuzzOptions {
  /** The inputs depend only on the seed and the corpus. */
  readonly seed: number;
  /** How many inputs. Default: no limit. */
  readonly runs?: number | undefined;
  /** How long, in ms. Default: no limit. */
  readonly milliseconds?: number | undefined;
  /** Inputs to begin with. All of them are run first. */
  readonly corpus: readonly Uint8Array[];
  /** Whether a finding is shortened. Default: true. */
  readonly shortens?: boolean;
  /** Called before each input is run, so that the watching thread knows an input that never returns. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Called after each batch of inputs. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The progress of a run. */
export interface Progress {
  readonly runs: number;
  /** How many different outcomes the inputs had. */
  readonly outcomes: number;
  readonly milliseconds: number;
}

/** The result of a run. */
export interface FuzzResult extends Progress {
  /** The finding, if there was one. The run ends with it. */
  readonly found: FoundInput | undefined;
  /** The first input with each outcome. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

/** An input that is a finding. */
export interface FoundInput {
  readonly what: string;
  /** The input as it was run, and the shortest input with a finding. */
  readonly input: Uint8Array;
  readonly shortest: Uint8Array;
}

/** How many inputs run before the clock is checked. */
const BATCH = 64;
/** The share of inputs that are generated. The others are changed copies of kept inputs. */
const SHARE_OF_NEW = 0.5;
/** Longer inputs, in bytes, are not kept even if their outcome is new, because copies of them would slow the run down. */
const LONGEST_KEPT = 4096;

/** Runs a target until a limit is reached or something is found. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, runs = Infinity, milliseconds = Infinity, corpus, shortens = true } = options;
  const random = createRandom(seed);
  const started = performance.now();
  const kept = new Map<string, Uint8Array>();
  const pool = [...corpus];
  let count = 0;
  const progress = (): Progress => ({
    runs: count,
    outcomes: kept.size,
    milliseconds: performance.now() - started,
  });

  while (count < runs && performance.now() - started < milliseconds) {
    for (let left = Math.min(BATCH, runs - count); left > 0; left--) {
      const input = corpus[count] ?? nextInput(target, random, pool);
      count++;
      options.onInput?.(input);
      try {
        const result = target.run(input);
        const outcome = typeof result === 'string' ? result : await result;
        if (kept.has(outcome)) continue;
        kept.set(outcome, input);
        if (input.length <= LONGEST_KEPT) pool.push(input);
      } catch (error) {
        const shortest = shortens ? await shorten(target, input, options.onInput) : input;
        // The finding of the shortest input is reported. If that input does not fail again, the original finding is reported.
        const breach = shortens ? ((await breachOf(target, shortest)) ?? error) : error;
        const what = describeFinding(breach);
        return { ...progress(), kept, found: { what, input, shortest } };
      }
    }
    options.onProgress?.(progress());
  }
  return { ...progress(), kept, found: undefined };
}

function nextInput(target: Target, random: Random, pool: readonly Uint8Array[]): Uint8Array {
  if (pool.length === 0 || random() < SHARE_OF_NEW) return target.generate(random);
  return mutate(pick(random, pool), random, pick(random, pool));
}

/** The finding of a target for an input, or `undefined` if there is none. */
export async function breachOf(target: Target, input: Uint8Array): Promise<unknown> {
  try {
    await target.run(input);
    return undefined;
  } catch (error) {
    return error ?? new Error('threw nothing');
  }
}

function shorten(target: Target, input: Uint8Array, onInput: FuzzOptions['onInput']): Promise<Uint8Array> {
  return shrink(input, (candidate) => {
    onInput?.(candidate);
    return fails(target, candidate);
  });
}

async function fails(target: Target, input: Uint8Array): Promise<boolean> {
  return (await breachOf(target, input)) !== undefined;
}
