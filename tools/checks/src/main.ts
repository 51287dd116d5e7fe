/** The command: reads the command line, runs the steps one after the other, prints the sum of all. */

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

const STEPS: readonly Step[] = [lint, types, arrows, packages, loaders, site, tests, lines];

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
  return runAll(STEPS.filter(({ name }) => wanted.only?.includes(name) ?? true));
}

async function runAll(steps: readonly Step[]): Promise<number> {
  // The packages were built before this started. The build counts as a step.
  const outcomes = process.env['FRAMEWIRE_BUILD'] === 'passed' ? [passed()] : [];
  for (const step of steps) outcomes.push(await runStep(step));
  const total = sum(outcomes);
  process.stdout.write(`${formatTally(total)}\n`);
  return total.failed > 0 || (process.env['CI'] === 'true' && total.skipped > 0) ? 1 : 0;
}

async function runStep(step: Step): Promise<Outcome> {
  const began = performance.now();
  process.stdout.write(`${step.name} … `);
  let outcome: Outcome;
  try {
    outcome = await step.run();
  } catch (error) {
    outcome = failed(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${seconds} s  ${formatTally(outcome)}\n`);
  for (const note of outcome.notes) process.stdout.write(`${note.replace(/^/gm, '  ')}\n`);
  return outcome;
}
