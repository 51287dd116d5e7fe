/** Checks that connections of the packed packages work in test environments: with globals of another realm, and with fake timers. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from '../command.ts';
import { failed, passed, sum } from '../outcome.ts';
import { countTests, readReport } from '../vitest.ts';
import type { Finished } from '../command.ts';
import type { Outcome } from '../outcome.ts';

const require = createRequire(import.meta.url);

/**
 * Runs the rules of `fixtures/environments` under each test runner, in each of its environments.
 *
 * @param folder the folder of the fixtures. The packages are in a node_modules of a parent folder
 */
export async function inEnvironments(folder: string): Promise<Outcome> {
  return sum([await underJest(folder), await underVitest(folder), await underNode(folder)]);
}

async function underJest(folder: string): Promise<Outcome> {
  const report = join(folder, 'jest.json');
  const finished = await run(
    process.execPath,
    [
      join(folderOf('jest'), 'bin', 'jest.js'),
      '--runInBand',
      '--forceExit',
      '--json',
      '--outputFile',
      report,
    ],
    { cwd: folder, env: { JSDOM_ENVIRONMENT: require.resolve('jest-environment-jsdom') } },
  );
  return countTests(readReport(report), finished);
}

async function underVitest(folder: string): Promise<Outcome> {
  const report = join(folder, 'vitest.json');
  const finished = await run(
    process.execPath,
    [
      join(folderOf('vitest'), 'vitest.mjs'),
      'run',
      '--no-color',
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    { cwd: folder, env: { VITEST: '' } },
  );
  return countTests(readReport(report), finished);
}

async function underNode(folder: string): Promise<Outcome> {
  const env = { NODE_PATH: dirname(folderOf('sinon')) };
  return countTap(
    await run(process.execPath, ['--test-reporter=tap', '--test-force-exit', 'node.cjs'], {
      cwd: folder,
      env,
    }),
  );
}

/** The counts at the end of Node's TAP output, such as `# pass 3`. A test that timed out may count as cancelled. */
function countTap({ code, output }: Finished): Outcome {
  const [successes = 0, failures = 0, cancelled = 0] = ['pass', 'fail', 'cancelled'].map((what) =>
    Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0),
  );
  const bad = failures + cancelled;
  if (bad === 0 && code === 0 && successes > 0) return passed(successes);
  return sum([passed(successes), failed(output.trim(), Math.max(bad, 1))]);
}

function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}
