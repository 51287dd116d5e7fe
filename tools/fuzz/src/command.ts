// The command: runs the targets one after the other, prints a line of progress for each, and reports findings.
import process from 'node:process';
import { HELP, readArguments, type Arguments } from './arguments.ts';
import { addToCorpus, CORPUS, readCorpus } from './corpus.ts';
import { breachOf, type FoundInput, type Progress } from './engine.ts';
import { describeFinding } from './finding.ts';
import { hex } from './input.ts';
import type { Target } from './target.ts';
import { watch } from './watch.ts';

/**
 * Runs the command.
 *
 * @param module - the URL of the module that exports the `TARGETS`
 * @returns the exit code
 */
export async function runCommand(list: string[], module: string): Promise<number> {
  const { TARGETS } = (await import(module)) as { TARGETS: readonly Target[] };
  let wanted: Arguments;
  try {
    wanted = readArguments(
      list,
      TARGETS.map(({ name }) => name),
    );
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (wanted.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { replay, targets } = wanted;
  const [first] = TARGETS.filter(({ name }) => name === targets[0]);
  if (replay !== undefined && first !== undefined) return runOne(first, replay);
  console.log(`seed ${wanted.seed}`);
  const share = wanted.seconds === undefined ? undefined : (wanted.seconds * 1000) / targets.length;
  let found = 0;
  for (const target of targets) if (await feed(module, target, wanted, share)) found++;
  return found === 0 ? 0 : 1;
}

async function runOne(target: Target, input: Uint8Array): Promise<number> {
  const breach = await breachOf(target, input);
  console.log(`${target.name}: ${breach === undefined ? 'nothing found' : describeFinding(breach)}`);
  return breach === undefined ? 0 : 1;
}

/** Runs one target. Returns whether something was found. */
async function feed(
  module: string,
  target: string,
  wanted: Arguments,
  milliseconds: number | undefined,
): Promise<boolean> {
  const { seed, runs, grow, corpus: folder = CORPUS } = wanted;
  const corpus = readCorpus(folder, target).map(({ input }) => input);
  const show = progressLine(target);
  const { progress, found, grown } = await watch(
    { module, target, seed, runs, milliseconds, corpus, grow },
    show,
  );
  show(progress, true);
  for (const { outcome, input } of grown) addToCorpus(folder, target, { input, remark: outcome });
  if (found === undefined) return false;
  addToCorpus(folder, target, {
    input: found.shortest,
    remark: found.what.split('\n', 1)[0]?.slice(0, 200) ?? '',
  });
  report(target, seed, found);
  return true;
}

function report(target: string, seed: number, { what, input, shortest }: FoundInput): void {
  console.error(`\nFOUND by ${target}, seed ${seed}: ${what}`);
  console.error(`  shortest  ${hex(shortest)}`);
  if (input.length !== shortest.length) console.error(`  original  ${hex(input)}`);
  console.error(`  repeat    npm run fuzz -- --target ${target} --replay ${hex(shortest)}`);
}

/** Prints progress: in a terminal as one line that is rewritten, otherwise as one line a minute and one at the end. */
function progressLine(target: string): (progress: Progress, last?: boolean) => void {
  const live = process.stdout.isTTY;
  let minute = 0;
  return ({ runs, outcomes, milliseconds }, last = false) => {
    const rate = Math.round((runs / Math.max(1, milliseconds)) * 1000);
    const seconds = Math.round(milliseconds / 1000);
    const line = `${target.padEnd(12)} ${String(runs).padStart(11)} inputs  ${String(rate).padStart(7)}/s  ${String(outcomes).padStart(5)} outcomes  ${seconds} s`;
    if (live) process.stdout.write(`\r${line}${last ? '\n' : ''}`);
    else if (last || Math.floor(seconds / 60) > minute) {
      minute = Math.floor(seconds / 60);
      console.log(line);
    }
  };
}
