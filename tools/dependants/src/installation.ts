/** Installs the dependants with npm into a folder outside of the workspace. The folder is kept until a package or the lockfile changes. */

import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPackages, type PackedPackage } from '@framewire/testing/packed';
import { must } from '@framewire/testing';
import { kept } from './kept-folders.ts';
import {
  commitLockfile,
  committedManifest,
  committedPlan,
  tarballOf,
  withPacked,
  withWs,
  withoutPacked,
} from './lockfile.ts';
import type { Lockfile, Packed, Plan } from './lockfile.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CACHE = join(ROOT, '.cache', 'dependants');

/** Which package the dependants get as ws: ours or, as the control, the real one. */
export type Kind = 'framewire' | 'ws';

/**
 * Packs our packages and installs the dependants from the committed lockfile. Returns the folder with their node_modules.
 * Reuses an installation of the same packages from the same lockfile. Concurrent runs can share it, because each writes only to its own
 * folder in it.
 *
 * @throws {Error} With the output of pnpm or npm.
 */
export async function install(kind: Kind): Promise<string> {
  const staging = mkdtempSync(join(tmpdir(), 'framewire-tarballs-'));
  try {
    const packages = kind === 'framewire' ? await packPackages(staging) : [];
    const plan =
      kind === 'framewire'
        ? withPacked(committedPlan(), await Promise.all(packages.map(readPacked)))
        : withWs(committedPlan(), versionOfWs());
    return await kept(CACHE, `${kind}-${keyOf(plan)}`, () => installed(plan, packages));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Resolves the manifest again, and writes the lockfile that is committed. */
export async function relock(): Promise<void> {
  const folder = newFolder();
  try {
    const packages = await packPackages(join(folder, 'packed'));
    layOut(folder, packages);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(committedManifest()));
    await must('npm', ['install', '--package-lock-only', ...NPM_OPTIONS], folder);
    commitLockfile(
      withoutPacked(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lockfile),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** No build scripts, no optional dependencies, no audits. */
const NPM_OPTIONS = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];

async function installed({ manifest, lockfile }: Plan, packages: readonly PackedPackage[]): Promise<string> {
  const folder = newFolder();
  try {
    layOut(folder, packages);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
    await must('npm', ['ci', '--prefer-offline', ...NPM_OPTIONS], folder);
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Returns its real path, because V8 names modules by their real paths. */
function newFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'framewire-dependants-')));
}

/** Copies the packed files to where the manifest expects them. */
function layOut(folder: string, packages: readonly PackedPackage[]): void {
  for (const { name, filename } of packages) cpSync(filename, join(folder, tarballOf(name)));
}

/** The dependencies of a packed package, as it is published. */
export async function readPacked({ name, version, filename, integrity }: PackedPackage): Promise<Packed> {
  const manifest = JSON.parse(
    await must('tar', ['-xzOf', filename, 'package/package.json']),
  ) as Partial<Packed>;
  return { name, version, integrity, dependencies: manifest.dependencies ?? {} };
}

/** The version of ws that the tests of the workspace use. */
function versionOfWs(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: { ws: string };
  };
  return devDependencies.ws;
}

/** Everything that an installation depends on. */
function keyOf(plan: Plan): string {
  const engine = `${process.platform} ${process.arch} ${process.versions.modules}`;
  return createHash('sha256')
    .update(JSON.stringify([engine, plan]))
    .digest('hex');
}
