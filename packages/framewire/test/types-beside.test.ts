// Our types in a program whose libraries use the types of `ws`, and in a program that maps `ws` to framewire. The compiler checks all
// declarations.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modes, Workbench } from './types/workbench.ts';

const require = createRequire(import.meta.url);
const own = fileURLToPath(new URL('..', import.meta.url));
const programs = join(own, 'test/types-beside');
const libraries = ['@types/ws', '@trpc/server', 'graphql', 'graphql-ws'];
// The libraries resolve each other from here, not from where they are installed.
const options = { preserveSymlinks: true, skipLibCheck: false };

let workbench: Workbench;
beforeAll(() => {
  workbench = new Workbench(programs, {
    framewire: own,
    'undici-types': dirname(undici()),
    ...Object.fromEntries(libraries.map((name) => [name, join(own, 'node_modules', name)])),
  });
  workbench.add('assignable.cts', required(readFileSync(join(programs, 'assignable.mts'), 'utf8')));
});
afterAll(() => {
  workbench.remove();
});

/** The same program in CommonJS, with the result of `require()`. */
function required(text: string): string {
  return text
    .replace(/^import (?:type )?\* as (\w+) from ('(?:framewire|ws)')/gm, 'import $1 = require($2)')
    .replaceAll(/\b(ours|theirs)\.default\b/g, '$1');
}

/** The package that Node's types import. */
function undici(): string {
  return createRequire(require.resolve('@types/node/package.json')).resolve('undici-types/package.json');
}

test.each([
  { ...modes[0]!, more: {} },
  { ...modes[1]!, more: { exactOptionalPropertyTypes: true } },
  { ...modes[2]!, more: {} },
])(
  'the types are assignable to those of ws, as $name with $more',
  ({ more, ...mode }) => {
    expect(workbench.complaints(mode, { ...options, ...more })).toEqual([]);
  },
  120_000,
);

test.each([modes[0]!, modes[2]!])(
  'a program may map ws to framewire by paths, as $name',
  (mode) => {
    const paths = { ws: ['./node_modules/framewire'] };
    expect(workbench.complaints(mode, { ...options, paths })).toEqual([]);
  },
  120_000,
);
