import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages } from '@framewire/testing/packed';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '@framewire/testing';
import { readPacked } from '../src/installation.ts';
import { startRegistry, type Registry } from '../src/registry.ts';

/** How long an installation without a cache may take on a busy machine, in ms. */
const INSTALLING = 300_000;

/** A package that depends on ws, and its version. */
const DEPENDANT = { 'engine.io-client': '6.6.8' };

/** Prints which package the dependant loads as ws, and the type of its server. */
const PROGRAM = `
  const { createRequire } = require('node:module');
  const inside = createRequire(require.resolve('engine.io-client'));
  const { name } = inside('ws/package.json');
  console.log(JSON.stringify([name, typeof inside('ws').WebSocketServer]));
`;

let registry: Registry;
let alias = '';
let tarballs = '';

beforeAll(async () => {
  tarballs = mkdtempSync(join(tmpdir(), 'framewire-tarballs-'));
  const packed = await packPackages(tarballs);
  const published = await Promise.all(packed.map(async (each) => ({ ...each, ...(await readPacked(each)) })));
  registry = await startRegistry(published);
  alias = `npm:framewire@${published.find(({ name }) => name === 'framewire')!.version}`;
}, INSTALLING);

afterAll(async () => {
  await registry.stop();
  rmSync(tarballs, { recursive: true });
});

/** Creates a project that depends on the dependant and uses our registry. `manifest` is added to its package.json. */
function project(manifest: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-project-'));
  writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}/\ncache=${join(folder, 'cache')}\n`);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'project',
      version: '1.0.0',
      private: true,
      dependencies: DEPENDANT,
      ...manifest,
    }),
  );
  writeFileSync(join(folder, 'program.cjs'), PROGRAM);
  return folder;
}

/** Returns the name of the package that the dependant in a folder loads as ws, and the type of its server. */
async function loadedIn(folder: string): Promise<unknown> {
  return JSON.parse(await must(process.execPath, ['program.cjs'], folder));
}

/** Runs another package manager, which npm gets from its cache or the registry. */
function runManager(manager: string, args: readonly string[]): Promise<string> {
  const [command = ''] = manager.split('@');
  return must('npm', ['exec', '--yes', `--package=${manager}`, '--', command, ...args], tarballs);
}

describe('As ws of a dependency', () => {
  test('npm installs our package through `overrides` in package.json', { timeout: INSTALLING }, async () => {
    const folder = project({ overrides: { ws: alias } });
    try {
      await must('npm', ['install', '--no-audit', '--no-fund'], folder);
      expect(await loadedIn(folder)).toEqual(['framewire', 'function']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test(
    'pnpm installs our package through `overrides` in pnpm-workspace.yaml',
    { timeout: INSTALLING },
    async () => {
      const folder = project({});
      try {
        const settings = `overrides:\n  ws: ${alias}\nstoreDir: ${join(folder, 'store')}\n`;
        writeFileSync(join(folder, 'pnpm-workspace.yaml'), settings);
        await runManager('pnpm@12.21.0', ['--dir', folder, 'install', `--registry=${registry.url}/`]);
        expect(await loadedIn(folder)).toEqual(['framewire', 'function']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test(
    'Yarn installs our package through `resolutions` in package.json',
    { timeout: INSTALLING },
    async () => {
      const folder = project({ resolutions: { ws: alias } });
      try {
        const cache = ['--cache-folder', join(folder, 'cache')];
        const from = ['--registry', `${registry.url}/`];
        await runManager('yarn@1.22.22', ['--cwd', folder, 'install', ...from, ...cache]);
        expect(await loadedIn(folder)).toEqual(['framewire', 'function']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
