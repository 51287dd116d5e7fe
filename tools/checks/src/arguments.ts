/** The command line of the test run. */

import { parseArgs } from 'node:util';
import type { Step } from './outcome.ts';

/** The options on the command line. */
export interface Arguments {
  /** The names of the steps to run. Undefined for all. */
  only: string[] | undefined;
  help: boolean;
}

/**
 * Reads the command line.
 *
 * @param list The words after the script's name.
 * @param names The names of all steps.
 * @throws {TypeError} With a sentence for the user, if an option or a step is unknown.
 */
export function readArguments(list: string[], names: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: list,
    options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  return { help: values.help, only: values.only === undefined ? undefined : readNames(values.only, names) };
}

function readNames(text: string, names: readonly string[]): string[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown === undefined) return wanted;
  throw new TypeError(`--only: there is no step "${unknown}". The steps are ${names.join(', ')}.`);
}

/** The help text. */
export function help(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`);
  return `Usage: npm test -- [options]

Builds, then runs every step. The last line counts all tests and checks. The exit code is 1 if anything failed or,
with CI=true, if anything was skipped.

  --only A,B  run only these steps
  --help      print this help

Steps:
${lines.join('\n')}
`;
}
