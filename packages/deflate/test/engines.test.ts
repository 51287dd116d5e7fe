// The built package in engines other than Node: each produces the same bytes.
import type * as Deflate from '@framewire/deflate';
import { bunBinary, denoBinary, launchChromium, requirement } from '@framewire/testing';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const own = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
let script: string;
/** What Node prints. */
let expected: string;

beforeAll(async () => {
  if (!existsSync(join(own, 'dist'))) {
    throw new Error('packages/deflate/dist is missing: run `npm run build` first');
  }
  folder = mkdtempSync(join(tmpdir(), 'framewire-deflate-'));
  const installed = join(folder, 'node_modules/@framewire/deflate');
  mkdirSync(installed, { recursive: true });
  cpSync(join(own, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(own, 'package.json'), join(installed, 'package.json'));
  script = join(folder, 'script.mjs');
  cpSync(join(own, 'test/engines/script.mjs'), script);
  const dependencies = { '@framewire/deflate': '*' };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  expected = await output(process.execPath, script);
  expect(expected).toMatch(/^\d+ bytes, [0-9a-f]+, ERR_INFLATE_BLOCK_TYPE$/);
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
  test('in a context that has only the language and WebAssembly', () => {
    const file = join(folder, 'node_modules/@framewire/deflate/dist/index.cjs');
    const text = `(() => { const exports = {}; ${readFileSync(file, 'utf8')}; return exports; })()`;
    const { deflate, inflate } = runInNewContext(text) as typeof Deflate;
    const { data } = inflate(deflate(Buffer.from('what is said')));
    expect(Buffer.from(data).toString()).toBe('what is said');
  });

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
