/** The step that runs all tests against the sources and measures the coverage. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judged, sum } from '../outcome.ts';
import { vitest } from '../vitest.ts';
import { SITE_TESTS } from './site.ts';
import { ROOT } from '../workspace.ts';
import type { Outcome, Step } from '../outcome.ts';

/** The packages for which vitest.config.ts requires full branch coverage of code without I/O. */
const EVERY_BRANCH = ['codec', 'deflate', 'handshake', 'permessage-deflate'];

export const tests: Step = {
  name: 'tests',
  title: 'all tests, against the sources; full branch coverage of code without I/O',
  async run() {
    const { output, outcome } = await vitest(process.execPath, 'sources', ['--coverage'], {
      exclude: [SITE_TESTS],
    });
    const complaints = output.split('\n').filter((line) => line.includes('does not meet'));
    const coverage = EVERY_BRANCH.map((name) =>
      judged(
        `coverage of packages/${name}`,
        complaints.filter((line) => line.includes(`packages/${name}/src/`)).map(unstyled),
      ),
    );
    const total = sum([outcome, ...coverage, await checkedMemory()]);
    return { ...total, notes: [...coverageLine(), ...total.notes] };
  },
};

/** Runs the tests of the DEFLATE engine again, on its build that checks each access to memory. */
async function checkedMemory(): Promise<Outcome> {
  const { outcome } = await vitest(process.execPath, 'checked', ['packages/deflate/test/'], {
    exclude: ['**/engines.test.ts'],
    env: { FRAMEWIRE_CHECKED: '1' },
  });
  return { ...outcome, notes: outcome.notes.map((note) => `with checked memory: ${note}`) };
}

interface Covered {
  total: Record<'statements' | 'branches' | 'functions', { pct: number }>;
}

/** A line with the coverage of all packages together. */
function coverageLine(): string[] {
  try {
    const file = readFileSync(join(ROOT, 'coverage', 'coverage-summary.json'), 'utf8');
    const { statements, branches, functions } = (JSON.parse(file) as Covered).total;
    return [
      `coverage: ${statements.pct} % of statements, ${branches.pct} % of branches, ${functions.pct} % of functions`,
    ];
  } catch {
    return ['coverage: not measured'];
  }
}

/** A line without the colours of a terminal. */
function unstyled(line: string): string {
  // eslint-disable-next-line no-control-regex -- the colours are control characters
  return line.replace(/\u001b\[[\d;]*m/g, '').replace(/^ERROR: /, '');
}
