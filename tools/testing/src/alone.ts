// Built packages in a folder of their own, without the workspace, and a script that must print the same in every engine.
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EdgeVM } from '@edge-runtime/vm';
import { build } from 'esbuild';
import { launchChromium } from './browsers.ts';
import { run, WITHOUT_TEST_RUNNER } from './child.ts';

const PACKAGES = fileURLToPath(new URL('../../../packages', import.meta.url));

/** A folder with packages and a script. */
export interface Alone {
  readonly folder: string;
  /** The script, which prints a line. */
  readonly script: string;
  /**
   * Runs a program in the folder, and returns what it prints.
   *
   * @throws {Error} With its output, if it fails.
   */
  output(program: string, ...args: string[]): Promise<string>;
  /** Bundles the script for browsers, and returns the line that it prints in Chromium. */
  outputInBrowser(): Promise<string>;
  /** The same in the Edge Runtime of Vercel, which has web standards but no modules of Node. */
  outputInEdgeRuntime(): Promise<string>;
  remove(): void;
}

/**
 * Installs packages in a folder of their own.
 *
 * @param names the packages, without their scope
 * @param script imports them, and prints a line
 * @param peers other packages, which the script's package can resolve
 * @throws {Error} If a package is not built.
 */
export function installAlone(names: readonly string[], script: URL, peers: readonly string[] = []): Alone {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-alone-'));
  for (const name of names) copyBuilt(name, folder);
  const copy = join(folder, 'script.mjs');
  cpSync(fileURLToPath(script), copy);
  const dependencies = Object.fromEntries(names.map((name) => [`@framewire/${name}`, '*']));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  for (const peer of peers) {
    const found = dirname(createRequire(script).resolve(`${peer}/package.json`));
    symlinkSync(found, join(folder, 'node_modules', peer), 'junction');
  }
  return {
    folder,
    script: copy,
    async output(program, ...args) {
      const env = { ...WITHOUT_TEST_RUNNER, DENO_DIR: join(folder, '.deno') };
      const { code, stdout, stderr, output } = await run(program, args, { env, cwd: folder });
      if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${output}`);
      return stderr + stdout.trim();
    },
    outputInBrowser: () => outputInChromium(copy),
    async outputInEdgeRuntime() {
      const text = await bundled(copy);
      return new Promise((resolve) => {
        const runtime = new EdgeVM({
          extend: (context) => Object.assign(context, { console: { log: resolve } }),
        });
        runtime.evaluate(text);
      });
    },
    remove() {
      rmSync(folder, { recursive: true });
    },
  };
}

function copyBuilt(name: string, folder: string): void {
  const own = join(PACKAGES, name);
  if (!existsSync(join(own, 'dist')))
    throw new Error(`packages/${name}/dist is missing: run \`npm run build\` first`);
  const installed = join(folder, 'node_modules/@framewire', name);
  mkdirSync(installed, { recursive: true });
  cpSync(join(own, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(own, 'package.json'), join(installed, 'package.json'));
}

/** The script and the packages as one text, for engines without modules. */
async function bundled(script: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [script],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

async function outputInChromium(script: string): Promise<string> {
  const content = await bundled(script);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const line = page.waitForEvent('console');
    const failure = new Promise<never>((_, reject) => page.once('pageerror', reject));
    await page.addScriptTag({ content });
    return (await Promise.race([line, failure])).text();
  } finally {
    await browser.close();
  }
}
