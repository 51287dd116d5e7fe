// The built package in engines other than Node: each produces the same bytes, also for long messages.
import { bunBinary, denoBinary, launchChromium, requirement } from '@framewire/testing';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let script: string;
/** What Node prints. */
let expected: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-permessage-deflate-'));
  for (const name of ['deflate', 'permessage-deflate']) {
    const own = join(packages, name);
    if (!existsSync(join(own, 'dist')))
      throw new Error(`${own}/dist is missing: run \`npm run build\` first`);
    const installed = join(folder, 'node_modules/@framewire', name);
    mkdirSync(installed, { recursive: true });
    cpSync(join(own, 'dist'), join(installed, 'dist'), { recursive: true });
    cpSync(join(own, 'package.json'), join(installed, 'package.json'));
  }
  script = join(folder, 'script.mjs');
  cpSync(join(packages, 'permessage-deflate/test/engines/script.mjs'), script);
  const dependencies = { '@framewire/permessage-deflate': '*', '@framewire/deflate': '*' };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  expected = await output(process.execPath, script);
  expect(expected).toMatch(/^\d+ bytes$/);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function output(program: string, ...args: string[]): Promise<string> {
  const env = { DENO_DIR: join(folder, '.deno') };
  const { stdout, stderr } = await promisify(execFile)(program, args, { env, cwd: folder });
  return stderr + stdout.trim();
}

describe('the built package produces the same', () => {
  test('in Bun', async () => {
    expect(await output(bunBinary(), script)).toBe(expected);
  });

  test('in Deno with permission only to read its files', async () => {
    const args = ['run', '--no-prompt', '--quiet', '--allow-read', script];
    expect(await output(denoBinary(), ...args)).toBe(expected);
  });

  test.skipIf(requirement('chromium').missing)('in a browser', async () => {
    const bundled = await build({
      entryPoints: [script],
      bundle: true,
      platform: 'browser',
      format: 'iife',
      write: false,
    });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const line = page.waitForEvent('console');
      const failure = new Promise<never>((_, reject) => page.once('pageerror', reject));
      await page.addScriptTag({ content: bundled.outputFiles[0]!.text });
      expect((await Promise.race([line, failure])).text()).toBe(expected);
    } finally {
      await browser.close();
    }
  });
});
