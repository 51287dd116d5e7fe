/** The command: reads the command line, runs the steps, and prints the sum of their counts. */

import { help, readArguments } from './arguments.ts';
import { failed, formatTally, passed, sum } from './outcome.ts';
import { arrows } from './steps/arrows.ts';
import { lint } from './steps/lint.ts';
import { lines } from './steps/lines.ts';
import { loaders } from './steps/loaders.ts';
import { packages } from './steps/packages.ts';
import { site } from './steps/site.ts';
import { tests } from './steps/tests.ts';
import { types } from './steps/types.ts';
import type { Arguments } from './arguments.ts';
import type { Outcome, Step } from './outcome.ts';

/** Groups of steps, one after the other. The steps of a group run at the same time, because each alone leaves a core idle. */
const GROUPS: readonly (readonly Step[])[] = [
  [lint, types],
  [arrows],
  [packages, loaders, site],
  [tests],
  [lines],
];
const STEPS = GROUPS.flat();

const USAGE_ERROR = 2;

process.exitCode = await main(process.argv.slice(2));

/** Returns the exit code. */
async function main(list: string[]): Promise<number> {
  let wanted: Arguments;
  try {
    wanted = readArguments(
      list,
      STEPS.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return USAGE_ERROR;
  }
  if (wanted.help) {
    process.stdout.write(help(STEPS));
    return 0;
  }
  const isWanted = ({ name }: Step): boolean => wanted.only?.includes(name) ?? true;
  return runAll(GROUPS.map((steps) => steps.filter(isWanted)).filter(({ length }) => length > 0));
}

async function runAll(groups: readonly (readonly Step[])[]): Promise<number> {
  // tools/bootstrap.mjs has built the packages. The build counts as a check.
  const outcomes = process.env['FRAMEWIRE_BUILD'] === 'passed' ? [passed()] : [];
  for (const steps of groups) {
    const areSeveral = steps.length > 1;
    process.stdout.write(`${steps.map(({ name }) => name).join(', ')} …${areSeveral ? '\n' : ' '}`);
    const run = (step: Step): Promise<Outcome> => runStep(step, areSeveral ? `  ${step.name}: ` : '');
    outcomes.push(...(await Promise.all(steps.map(run))));
  }
  const total = sum(outcomes);
  process.stdout.write(`${formatTally(total)}\n`);
  return total.failed > 0 || (process.env['CI'] === 'true' && total.skipped > 0) ? 1 : 0;
}

/** @param prefix printed before the result */
async function runStep(step: Step, prefix: string): Promise<Outcome> {
  const began = performance.now();
  let outcome: Outcome;
  try {
    outcome = await step.run();
  } catch (error) {
    outcome = failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${prefix}${seconds} s  ${formatTally(outcome)}\n`);
  for (const note of outcome.notes) process.stdout.write(`${note.replace(/^/gm, '  ')}\n`);
  return outcome;
}
