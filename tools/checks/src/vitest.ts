/** Runs vitest, and counts the tests that ran. */

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './command.ts';
import { failed, passed, skipped, sum } from './outcome.ts';
import { ROOT } from './workspace.ts';
import type { CommandOptions, Finished } from './command.ts';
import type { Outcome } from './outcome.ts';

/** The parts of vitest's JSON report that are counted. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

/** How to run vitest, and which files to leave out. */
interface TestOptions extends CommandOptions {
  /** Globs of test files that do not run. */
  exclude?: readonly string[];
}

/** A finished run: its counts, and what it printed. */
export interface Tested extends Finished {
  outcome: Outcome;
}

/**
 * Runs vitest and counts its tests. A file that could not be loaded counts as one failure.
 *
 * @param node The Node binary that runs it.
 * @param name The name of the report's file. Each kind of run has its own.
 * @param args Filters and options for `vitest run`, except `--exclude`, which vitest's projects ignore.
 */
export async function vitest(
  node: string,
  name: string,
  args: readonly string[],
  { exclude = [], env, ...options }: TestOptions = {},
): Promise<Tested> {
  const file = join(ROOT, '.cache', 'vitest', `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  const reporters = ['--no-color', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`];
  const program = join('node_modules', 'vitest', 'vitest.mjs');
  const finished = await run(node, [program, 'run', ...args, ...reporters], {
    ...options,
    env: { ...env, FRAMEWIRE_EXCLUDE: exclude.join('\n') },
  });
  return { ...finished, outcome: countTests(readReport(file), finished) };
}

/** Reads a report, if there is one. */
export function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined; // vitest ended before it could write one.
  }
}

/** The counts of a report. If anything failed, vitest's output is added as a note. */
export function countTests(report: Report | undefined, { code, output }: Finished): Outcome {
  if (!report) return failed(output.trim());
  const files = report.testResults;
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const failures = tests.filter(({ status }) => status === 'failed').length + files.filter(isBroken).length;
  const successes = tests.filter(({ status }) => status === 'passed').length;
  const outcomes = [
    passed(successes),
    ...tests
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName, status }) => skipped(`${status === 'todo' ? 'to do' : 'skipped'}: ${fullName}`)),
  ];
  if (failures > 0) outcomes.push(failed(output.trim(), failures));
  else if (code !== 0 && !output.includes('does not meet')) outcomes.push(failed(output.trim()));
  return sum(outcomes);
}

/** Whether a file failed outside of its tests, for example while it was loaded. */
function isBroken({ status, assertionResults }: Report['testResults'][number]): boolean {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}
