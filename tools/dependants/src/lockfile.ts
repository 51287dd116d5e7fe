/** The committed manifest and lockfile of the dependants, and the ones that are installed: with our packed packages, or with the real ws. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(new URL('../manifest/', import.meta.url));

/** The parts of a package.json that matter here. */
export interface Manifest {
  dependencies: Record<string, string>;
  overrides: Record<string, string>;
}

/** One installed package, as in a lockfile. */
export interface Entry {
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** The parts of a package-lock.json that matter here. */
export interface Lockfile {
  packages: { '': Manifest } & Record<string, Entry>;
}

/** What npm installs. */
export interface Plan {
  manifest: Manifest;
  lockfile: Lockfile;
}

/** A package of ours, and what it depends on. */
export interface Packed {
  name: string;
  version: string;
  integrity: string;
  dependencies: Record<string, string>;
}

/** The umbrella is installed under the name of the package that it replaces. The layers keep their names. */
const ALIASES = new Map([['framewire', 'ws']]);

/** The committed plan. Its lockfile names our packages, without the parts that change with every build. */
export function committedPlan(): Plan {
  return {
    manifest: committedManifest(),
    lockfile: readJson(join(MANIFEST, 'package-lock.json')) as Lockfile,
  };
}

/** The packages to install, with their versions. */
export function committedManifest(): Manifest {
  return readJson(join(MANIFEST, 'package.json')) as Manifest;
}

/** Writes the committed lockfile. */
export function commitLockfile(lockfile: Lockfile): void {
  writeFileSync(join(MANIFEST, 'package-lock.json'), `${JSON.stringify(lockfile, null, 2)}\n`);
}

/** The plan with our packages as they were packed. */
export function withPacked({ manifest, lockfile }: Plan, packages: readonly Packed[]): Plan {
  const entries = packages.map(({ name, version, integrity, dependencies }): [string, Entry] => [
    placeOf(name),
    { name, version, resolved: `file:${tarballOf(name)}`, integrity, dependencies },
  ]);
  return {
    manifest,
    lockfile: { ...lockfile, packages: { ...lockfile.packages, ...Object.fromEntries(entries) } },
  };
}

/** The plan with the real ws instead of our packages, for the control. */
export function withWs({ manifest, lockfile }: Plan, version: string): Plan {
  const real = {
    ...manifest,
    dependencies: { ...manifest.dependencies, ws: version },
    overrides: { ws: '$ws' },
  };
  const { '': top, ...entries } = lockfile.packages;
  const others = Object.fromEntries(Object.entries(entries).filter(([, entry]) => !isOurs(entry)));
  return {
    manifest: real,
    lockfile: {
      ...lockfile,
      packages: { ...others, '': { ...top, ...real }, 'node_modules/ws': { version } },
    },
  };
}

/** A lockfile as it is committed: without the hashes, versions and dependencies of our packages. */
export function withoutPacked(lockfile: Lockfile): Lockfile {
  const { '': top, ...entries } = lockfile.packages;
  const bare = Object.entries(entries).map(([place, entry]): [string, Entry] => {
    const { name, resolved } = entry;
    return [place, isOurs(entry) && resolved !== undefined ? { ...(name ? { name } : {}), resolved } : entry];
  });
  return { ...lockfile, packages: { '': top, ...Object.fromEntries(bare) } };
}

/** Where the manifest expects the packed file of a package. */
export function tarballOf(name: string): string {
  return `tarballs/${name.replace('@', '').replace('/', '-')}.tgz`;
}

/** The folder that a package of ours is installed in. */
function placeOf(name: string): string {
  return `node_modules/${ALIASES.get(name) ?? name}`;
}

function isOurs({ resolved }: Entry): boolean {
  return resolved?.startsWith('file:') ?? false;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
