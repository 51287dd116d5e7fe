/** The other JavaScript runtimes that tests start: Bun and Deno, from their npm packages. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';

const requireHere = createRequire(import.meta.url);

/** The binaries that start, by package. */
const found = new Map<string, string>();

/**
 * The path of the `bun` binary.
 *
 * @throws {Error} If the `bun` package has no binary that runs on this machine.
 */
export function bunBinary(): string {
  return binaryOf('bun', 'bin/bun');
}

/**
 * The path of the `deno` binary.
 *
 * @throws {Error} If the `deno` package has no binary that runs on this machine.
 */
export function denoBinary(): string {
  return binaryOf('deno', 'deno');
}

/**
 * Finds the binary of a package. Both packages have an optional dependency with the binary of each platform, and an install script
 * that copies it. This workspace runs no install scripts, so tests run the binary in the optional dependency.
 */
function binaryOf(name: string, binary: string): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  const path = platformPackages(name)
    .map((folder) => join(folder, process.platform === 'win32' ? `${binary}.exe` : binary))
    .find(runs);
  if (path === undefined) {
    throw new Error(`The package ${name} has no binary for ${process.platform} ${process.arch} that runs`);
  }
  found.set(name, path);
  return path;
}

/** The folders of those platform packages that were installed. */
function platformPackages(name: string): string[] {
  const manifestPath = requireHere.resolve(`${name}/package.json`);
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  const requireThere = createRequire(manifestPath);
  return Object.keys(manifest.optionalDependencies ?? {}).flatMap((dependency) => {
    try {
      return [dirname(requireThere.resolve(`${dependency}/package.json`))];
    } catch {
      return []; // Not installed, because it is for another platform.
    }
  });
}

/** Whether the binary starts. Binaries for newer processors or another libc may also be installed, and do not start. */
function runs(path: string): boolean {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
