import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtPackages, documents, isReadme, ROOT } from '../src/checkout.ts';
import { Workbench } from '../src/workbench.ts';

/** What an example has to finish, on a machine that is busy with other tests. */
const EXAMPLE_MS = 20_000;

let workbench: Workbench;

beforeAll(() => {
  workbench = new Workbench(join(ROOT, '.cache/readme-examples'), builtPackages());
});
afterAll(() => workbench.close());

const readmes = documents().filter(({ path, examples }) => isReadme(path) && examples.length > 0);

describe.each(readmes)('The examples of $path', ({ path, examples }) => {
  const shown = examples.filter(({ leftOut }) => leftOut);
  const run = examples.filter(({ leftOut }) => !leftOut);
  const typed = run.filter(({ extension }) => extension === 'ts');

  if (typed.length > 0) {
    test(
      'in TypeScript have no type errors',
      () => {
        const paths = typed.map((example) => workbench.write(path, example));
        expect(workbench.typeCheck(paths)).toBe('');
      },
      3 * EXAMPLE_MS,
    );
  }

  test.each(run)(
    'under $heading (line $line) run as they stand, and end',
    async (example) => {
      const { code, stderr } = await workbench.run(workbench.write(path, example), EXAMPLE_MS);
      const ending = code === null ? `did not end within ${EXAMPLE_MS} ms` : `exit code ${code}`;
      expect({ ending, stderr: code === 0 ? '' : stderr }).toEqual({ ending: 'exit code 0', stderr: '' });
    },
    EXAMPLE_MS + 5_000,
  );

  test.each(shown)(
    'under $heading (line $line) are not run, and a comment before them says why',
    ({ reason }) => {
      expect(reason).not.toBe('');
    },
  );
});
