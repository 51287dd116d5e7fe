/** What runs a program without bundling it: engines, loaders, and runners of tests. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bunBinary, denoBinary } from '@framewire/testing';

const require = createRequire(import.meta.url);

/** A command, to which a program is added. */
export interface Tool {
  name: string;
  command: string;
  args: readonly string[];
  /** Where it is started, below the folder of the programs; there by default. */
  folder?: string;
  env?: Record<string, string>;
}

/** The programs of each line of Node on which `import` and `require` once led to different builds, and its oldest. */
export const OLD_NODES = ['20.19.0', '21.7.3', '22.0.0', '22.11.0'] as const;

/** The engines and loaders that run a program from the folder that it lies in. */
export function engines(): Tool[] {
  const deno = ['run', '--allow-all', '--no-prompt', '--quiet', '--node-modules-dir=manual'];
  return [
    { name: 'Bun', command: bunBinary(), args: ['run'] },
    { name: 'Deno', command: denoBinary(), args: deno },
    // The first two gave an object for the class, by the condition "module-sync".
    ...['tsx-4-19', 'tsx-4-22', 'tsx'].map((name) => ({
      name: name.replace(/-(\d+)-/, ' $1.'),
      command: process.execPath,
      args: [join(folderOf(name), 'dist', 'cli.mjs')],
    })),
  ];
}

/** The runners of tests, which find the tests themselves. */
export function runners(): Tool[] {
  const vitest = ['run', '--no-color', '--config', 'vitest.config.mjs'];
  return [
    {
      name: 'Jest',
      command: process.execPath,
      args: ['--experimental-vm-modules', join(folderOf('jest'), 'bin', 'jest.js')],
      // Its configuration lies there.
      folder: 'jest',
    },
    ...[undefined, 'imports-it'].map((inlined) => ({
      name: inlined === undefined ? 'Vitest' : 'Vitest with a dependency that it transforms',
      command: process.execPath,
      args: [join(folderOf('vitest'), 'vitest.mjs'), ...vitest],
      env: { INLINE: inlined ?? '', VITEST: '' },
    })),
  ];
}

function folderOf(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}
