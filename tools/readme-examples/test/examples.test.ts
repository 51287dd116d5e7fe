import { join } from 'node:path';
import { requirement } from '@framewire/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtPackages, documents, isReadme, ROOT } from '../src/checkout.ts';
import type { Example } from '../src/document.ts';
import { Workbench } from '../src/workbench.ts';

/** How long an example may take on a machine that is busy with other tests, in ms. */
const EXAMPLE_MS = 20_000;

let workbench: Workbench;

beforeAll(() => {
  workbench = new Workbench(join(ROOT, '.cache/readme-examples'), builtPackages());
});
afterAll(() => workbench.close());

const readmes = documents().filter(({ path, examples }) => isReadme(path) && examples.length > 0);

/** Returns the parts of a test title, and the example. */
function titled(example: Example): [heading: string, line: number, example: Example] {
  return [example.heading, example.line, example];
}

describe.each(readmes.map(({ path, examples }) => [path, examples] as const))(
  'The examples of %s',
  (path, examples) => {
    const shown = examples.filter(({ leftOut }) => leftOut);
    const run = examples.filter(({ leftOut }) => !leftOut);
    const typed = run.filter(({ extension }) => extension === 'ts');

    if (typed.length > 0) {
      test('in TypeScript have no type errors', () => {
        const paths = typed.map((example) => workbench.write(path, example));
        expect(workbench.typeCheck(paths)).toBe('');
      });
    }

    test.for(run.map(titled))(
      'under "%s" (line %i) run unchanged, and end',
      async ([_heading, _line, example], { skip }) => {
        // On systems without signals, `process.kill()` ends the process without calling its handlers.
        if (example.code.includes('process.kill(')) skip(requirement('posix').missing);
        const { code, stderr } = await workbench.run(workbench.write(path, example), EXAMPLE_MS);
        const ending = code === null ? `did not end within ${EXAMPLE_MS} ms` : `exit code ${code}`;
        expect({ ending, stderr: code === 0 ? '' : stderr }).toEqual({ ending: 'exit code 0', stderr: '' });
      },
    );

    test.each(shown.map(titled))(
      'under "%s" (line %i) are not run, and a comment before them says why',
      (_heading, _line, { reason }) => {
        expect(reason).not.toBe('');
      },
    );
  },
);
