/** The tools that run a program without a bundle: engines, loaders, and test runners. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bunBinary, denoBinary } from '@framewire/testing';

const require = createRequire(import.meta.url);

/** A command, to which the path of a program is appended. */
export interface Tool {
  name: string;
  command: string;
  args: readonly string[];
  /** The working directory, relative to the folder of the programs. Default: that folder. */
  folder?: string;
  env?: Record<string, string>;
}

/** The oldest supported Node, and versions whose conditions can make `import` and `require()` load different builds. */
export const OLD_NODES = ['20.19.0', '21.7.3', '22.0.0', '22.11.0'] as const;

/** The engines and loaders that run a program from its own folder. */
export function engines(): Tool[] {
  const deno = ['run', '--allow-all', '--no-prompt', '--quiet', '--node-modules-dir=manual'];
  return [
    { name: 'Bun', command: bunBinary(), args: ['run'] },
    { name: 'Deno', command: denoBinary(), args: deno },
    // With the condition "module-sync", the first two can load an object instead of the class.
    ...['tsx-4-19', 'tsx-4-22', 'tsx'].map((name) => ({
      name: name.replace(/-(\d+)-/, ' $1.'),
      command: process.execPath,
      args: [join(folderOf(name), 'dist', 'cli.mjs')],
    })),
  ];
}

/** The test runners, which find the tests themselves. */
export function runners(): Tool[] {
  const vitest = ['run', '--no-color', '--config', 'vitest.config.mjs'];
  return [
    {
      name: 'Jest',
      command: process.execPath,
      args: ['--experimental-vm-modules', join(folderOf('jest'), 'bin', 'jest.js')],
      // Its configuration is in this folder.
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
