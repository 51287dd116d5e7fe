/** Where the workspace is, and which packages are published from it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The parts of a package.json that the checks read. */
export interface Manifest {
  name: string;
  version: string;
  homepage?: string;
  bugs?: string | undefined;
  repository?: { type: string; url: string; directory?: string };
  exports?: Record<string, unknown>;
  imports?: Record<string, unknown>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  optionalDependencies?: Record<string, string>;
}

/** One published package. */
export interface Package {
  /** The folder below packages/. */
  folder: string;
  /** Its absolute path. */
  path: string;
  manifest: Manifest;
}

/** Reads a package.json. */
export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
}

/** Every published package below packages/, in the order of their folders' names. */
export function publishedPackages(): Package[] {
  const parent = join(ROOT, 'packages');
  return readdirSync(parent)
    .sort()
    .filter((folder) => existsSync(join(parent, folder, 'package.json')))
    .map((folder) => {
      const path = join(parent, folder);
      return { folder, path, manifest: readManifest(path) };
    });
}
