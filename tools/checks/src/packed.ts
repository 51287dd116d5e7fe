/** The packages as npm would install them: packed, and unpacked into an empty folder. */

import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packPackages, type PackedPackage } from '@framewire/testing/packed';
import { run } from './command.ts';
import { publishedPackages, ROOT, readManifest } from './workspace.ts';
import type { Manifest } from './workspace.ts';

/** One packed and unpacked package. */
export interface Installed {
  name: string;
  /** The packed file. */
  tarball: string;
  /** The folder in node_modules. */
  path: string;
  /** The package.json as it is published. */
  manifest: Manifest;
}

/** All of them in one temporary folder, far from this workspace, so that nothing of it can be found by accident. */
export interface Installation {
  folder: string;
  packages: Installed[];
  remove(): void;
}

/**
 * Packs every published package and installs them. Nothing is fetched: their other dependencies, their
 * peers, and the declarations of Node are linked.
 *
 * @throws {Error} With what the packer printed.
 */
export async function install(): Promise<Installation> {
  // The compiler follows links; a temporary folder that is one itself would have two names.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'framewire-packed-')));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const packages: Installed[] = [];
    for (const each of await packPackages(join(folder, 'tarballs'))) {
      packages.push(await unpack(each, folder));
    }
    for (const { path, manifest } of publishedPackages()) {
      for (const peer of neededPeers(manifest)) link(path, peer, folder);
    }
    link(ROOT, '@types/node', folder);
    return { folder, packages, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function unpack({ name, filename }: PackedPackage, folder: string): Promise<Installed> {
  const path = join(folder, 'node_modules', ...name.split('/'));
  mkdirSync(path, { recursive: true });
  await must('tar', ['-xzf', filename, '-C', path, '--strip-components=1']);
  return { name, tarball: filename, path, manifest: readManifest(path) };
}

/** The peers that a package cannot do without. */
function neededPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
}

/** Makes a package that is installed in one folder one of another. */
function link(from: string, name: string, to: string): void {
  const path = join('node_modules', ...name.split('/'));
  mkdirSync(dirname(join(to, path)), { recursive: true });
  symlinkSync(realpathSync(join(from, path)), join(to, path), 'junction');
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}:\n${output.trim()}`);
}

/** What is wrong with the dependencies: from outside of this repository, or of another version of a package. */
export function judgeDependencies({ manifest }: Installed, packages: readonly Installed[]): string[] {
  return Object.entries(manifest.dependencies ?? {}).flatMap(([name, range]) => {
    const dependency = packages.find((each) => each.name === name);
    if (!dependency) return [`${name} is not one of the packages`];
    const wanted = `^${dependency.manifest.version}`;
    return range === wanted ? [] : [`${name} is wanted as ${range}, and not as ${wanted}`];
  });
}

/** What the umbrella with its layers may take on a disk: six times of what `ws` takes, with two builds and declarations. */
const SIZE_LIMIT = 1_200_000;

/** The unit in which file systems give space away. */
const BLOCK = 4096;

/** Whether the umbrella and the packages that it installs take more space on a disk than they may. */
export function judgeSize({ packages }: Pick<Installation, 'packages'>): string[] {
  const size = installedBy('framewire', packages).reduce((sum, { path }) => sum + sizeOf(path), 0);
  return size > SIZE_LIMIT ? [`they take ${size} bytes on a disk, and may take ${SIZE_LIMIT}`] : [];
}

/** The packages for compression, and how many bytes their packed files may have together. */
const COMPRESSION = ['@framewire/deflate', '@framewire/permessage-deflate'];
const COMPRESSION_LIMIT = 40 * 1024;

/** Whether the packed packages for compression are larger than they may be. */
export function judgeCompressionSize({ packages }: Pick<Installation, 'packages'>): string[] {
  const size = packages
    .filter(({ name }) => COMPRESSION.includes(name))
    .reduce((sum, { tarball }) => sum + statSync(tarball).size, 0);
  return size > COMPRESSION_LIMIT ? [`they have ${size} bytes, and may have ${COMPRESSION_LIMIT}`] : [];
}

/** A package and those of ours that it depends on, each once. */
function installedBy(name: string, packages: readonly Installed[]): readonly Installed[] {
  const found = new Set<Installed>();
  const visit = (wanted: string): void => {
    const installed = packages.find((each) => each.name === wanted);
    if (installed === undefined || found.has(installed)) return;
    found.add(installed);
    for (const dependency of Object.keys(installed.manifest.dependencies ?? {})) visit(dependency);
  };
  visit(name);
  return [...found];
}

/** Each file and each folder takes whole blocks. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => Math.max(1, Math.ceil(statSync(join(folder, file)).size / BLOCK)) * BLOCK)
    .reduce((sum, bytes) => sum + bytes, BLOCK);
}

/** What the packages are imported by: their names, and their subpaths other than package.json. */
export function specifiersOf({ name, manifest }: Installed): string[] {
  return Object.keys(manifest.exports ?? {})
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => name + subpath.slice(1));
}
