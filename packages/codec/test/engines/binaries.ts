// Where the other engines are on this machine.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The program in the package for this platform, one of the optional dependencies of `name`. */
function programOf(name: string, path: string): string {
  const manifest = require.resolve(`${name}/package.json`);
  const { optionalDependencies } = require(manifest) as { optionalDependencies: Record<string, string> };
  const beside = createRequire(manifest);
  for (const platform of Object.keys(optionalDependencies)) {
    try {
      const program = join(dirname(beside.resolve(`${platform}/package.json`)), path);
      if (existsSync(program)) return program;
    } catch {
      // Of another platform: not installed.
    }
  }
  throw new Error(`the package ${name} has no program for this platform`);
}

export const bun = (): string => programOf('bun', 'bin/bun');
export const deno = (): string => programOf('deno', 'deno');

/** Chromium as Debian installs it; undefined where it is missing. */
export const chromium = ['/usr/bin/chromium'].find((path) => existsSync(path));
