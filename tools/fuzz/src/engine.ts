// The loop: an input made by rule or by changing a kept one, the target, the oracle; what goes a new way is kept.
import { createRandom, pick, type Random } from '@framewire/contract/random';
import { describeFinding } from './finding.ts';
import { mutate } from './mutation.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** How a run is limited and watched. */
export interface FuzzOptions {
  /** The inputs follow from the seed and the corpus alone. */
  readonly seed: number;
  /** How many inputs. Default: no limit. */
  readonly runs?: number | undefined;
  /** How long, in ms. Default: no limit. */
  readonly milliseconds?: number | undefined;
  /** Inputs to begin with. All of them are run first. */
  readonly corpus: readonly Uint8Array[];
  /** Whether a finding is made short. Default true. */
  readonly shortens?: boolean;
  /** Called before each input is run, so that an input that never returns is known. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Called now and then, every few hundred inputs. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a run is. */
export interface Progress {
  readonly runs: number;
  /** How many different ways the inputs went. */
  readonly ways: number;
  readonly milliseconds: number;
}

/** What a run came to. */
export interface FuzzResult extends Progress {
  /** The first breach, if there was one: the run ends with it. */
  readonly found: FoundInput | undefined;
  /** An input for each way. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

/** An input on which the oracle has something to say. */
export interface FoundInput {
  readonly what: string;
  /** As it was run, and as short as could be. */
  readonly input: Uint8Array;
  readonly shortest: Uint8Array;
}

/** Inputs between two looks at the clock. */
const BATCH = 64;
/** Half of the inputs are new, half of them made from kept ones. */
const SHARE_OF_NEW = 0.5;
/** Longer inputs are not kept to be changed: they would slow the run down. */
const LONGEST_KEPT = 4096;

/** Feeds a target until a limit is reached or something is found. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, runs = Infinity, milliseconds = Infinity, corpus, shortens = true } = options;
  const random = createRandom(seed);
  const started = performance.now();
  const kept = new Map<string, Uint8Array>();
  const pool = [...corpus];
  let count = 0;
  const progress = (): Progress => ({
    runs: count,
    ways: kept.size,
    milliseconds: performance.now() - started,
  });

  while (count < runs && performance.now() - started < milliseconds) {
    for (let left = Math.min(BATCH, runs - count); left > 0; left--) {
      const input = corpus[count] ?? nextInput(target, random, pool);
      count++;
      options.onInput?.(input);
      try {
        const outcome = target.run(input);
        const way = typeof outcome === 'string' ? outcome : await outcome;
        if (kept.has(way)) continue;
        kept.set(way, input);
        if (input.length <= LONGEST_KEPT) pool.push(input);
      } catch (error) {
        const shortest = shortens ? await shorten(target, input, options.onInput) : input;
        // The shortest input says more. If it does not fail again, the original finding is reported.
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

/** What is wrong with what the target makes of an input; undefined when nothing is. */
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
