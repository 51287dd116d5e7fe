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

/** All packages in one temporary folder, outside of this workspace, so that no import finds a file of the workspace by accident. */
export interface Installation {
  folder: string;
  packages: Installed[];
  remove(): void;
}

/**
 * Packs and installs every published package. Nothing is downloaded: required peers and the declarations of Node are linked.
 *
 * @throws {Error} With the output of the command that failed.
 */
export async function install(): Promise<Installation> {
  // The compiler resolves symbolic links. If the temporary folder is one, its files would have two paths.
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

/** The required peers of a package. */
function neededPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
}

/** Links a package that is installed in one folder into another. */
function link(from: string, name: string, to: string): void {
  const path = join('node_modules', ...name.split('/'));
  mkdirSync(dirname(join(to, path)), { recursive: true });
  symlinkSync(realpathSync(join(from, path)), join(to, path), 'junction');
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}:\n${output.trim()}`);
}

/** What is wrong with the dependencies: a package from elsewhere, or another version of one of ours. */
export function judgeDependencies({ manifest }: Installed, packages: readonly Installed[]): string[] {
  return Object.entries(manifest.dependencies ?? {}).flatMap(([name, range]) => {
    const dependency = packages.find((each) => each.name === name);
    if (!dependency) return [`${name} is not one of the packages`];
    const wanted = `^${dependency.manifest.version}`;
    return range === wanted ? [] : [`the range of ${name} is ${range}, not ${wanted}`];
  });
}

/** How many bytes the umbrella and its layers may use on a disk: six times as many as `ws`, for two builds and declarations. */
const SIZE_LIMIT = 1_200_000;

/** The unit in which file systems allocate space. */
const BLOCK = 4096;

/** A complaint if the umbrella and the packages that it depends on use more space on a disk than the limit. */
export function judgeSize({ packages }: Pick<Installation, 'packages'>): string[] {
  const size = installedBy('framewire', packages).reduce((sum, { path }) => sum + sizeOf(path), 0);
  return size > SIZE_LIMIT ? [`they use ${size} bytes on a disk, more than ${SIZE_LIMIT}`] : [];
}

/** The packages for compression, and how many bytes their packed files may have together. */
const COMPRESSION = ['@framewire/deflate', '@framewire/permessage-deflate'];
const COMPRESSION_LIMIT = 40 * 1024;

/** A complaint if the packed packages for compression are larger than the limit. */
export function judgeCompressionSize({ packages }: Pick<Installation, 'packages'>): string[] {
  const size = packages
    .filter(({ name }) => COMPRESSION.includes(name))
    .reduce((sum, { tarball }) => sum + statSync(tarball).size, 0);
  return size > COMPRESSION_LIMIT ? [`they have ${size} bytes, more than ${COMPRESSION_LIMIT}`] : [];
}

/** A package and all packages of ours that it depends on, each once. */
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

/** The space that a folder uses on a disk. Each file and each folder uses whole blocks. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => Math.max(1, Math.ceil(statSync(join(folder, file)).size / BLOCK)) * BLOCK)
    .reduce((sum, bytes) => sum + bytes, BLOCK);
}

/** The specifiers of a package: its name, and its subpaths except package.json. */
export function specifiersOf({ name, manifest }: Installed): string[] {
  return Object.keys(manifest.exports ?? {})
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => name + subpath.slice(1));
}
