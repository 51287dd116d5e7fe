// Programs that compile with the types of `ws` compile with ours: the same corpus is compiled against both, in both module modes.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modes, Workbench } from './types/workbench.ts';

const require = createRequire(import.meta.url);

/** The folders to which `import 'ws'` resolves for types, by case. */
const targets = {
  framewire: { ws: fileURLToPath(new URL('..', import.meta.url)) },
  '@types/ws': { '@types/ws': dirname(require.resolve('@types/ws/package.json')) },
};

describe.each(Object.entries(targets))('the corpus against %s', (_name, packages) => {
  let workbench: Workbench;

  beforeAll(() => {
    workbench = new Workbench(fileURLToPath(new URL('types-corpus', import.meta.url)), packages);
  });

  afterAll(() => {
    workbench.remove();
  });

  test.each(modes)(
    'compiles under strict as $name',
    (mode) => {
      expect(workbench.complaints(mode)).toEqual([]);
    },
    120_000,
  );
});
