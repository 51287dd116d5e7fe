// The built codec, installed in a folder, and the script for which each engine must have the same results.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const codec = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with the package in it. */
export interface Installed {
  /** The script, which prints a line. */
  readonly script: string;
  /** Runs a program in the folder, and returns what it prints. */
  output(program: string, ...args: string[]): Promise<string>;
  remove(): void;
}

/**
 * Installs the package in a folder of its own, alone or with `bufferutil`.
 *
 * @throws {Error} If the package is not built.
 */
export function install(...peers: string[]): Installed {
  if (!existsSync(join(codec, 'dist'))) {
    throw new Error('packages/codec/dist is missing: run `npm run build` first');
  }
  const folder = mkdtempSync(join(tmpdir(), 'framewire-engines-'));
  const installed = join(folder, 'node_modules/@framewire/codec');
  mkdirSync(installed, { recursive: true });
  cpSync(join(codec, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(codec, 'package.json'), join(installed, 'package.json'));
  cpSync(join(codec, 'test/engines/script.mjs'), join(folder, 'script.mjs'));
  const dependencies = { '@framewire/codec': '*' };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  for (const peer of peers) {
    const found = dirname(createRequire(import.meta.url).resolve(`${peer}/package.json`));
    symlinkSync(found, join(folder, 'node_modules', peer), 'junction');
  }
  return {
    script: join(folder, 'script.mjs'),
    async output(program, ...args) {
      const env = { DENO_DIR: join(folder, '.deno') };
      const { stdout, stderr } = await run(program, args, { env, cwd: folder });
      return stderr + stdout.trim();
    },
    remove() {
      rmSync(folder, { recursive: true });
    },
  };
}

/** The line that an engine without Node's Buffer prints. */
export function portable(line: string): string {
  return line.replace('Buffer', 'Uint8Array');
}
