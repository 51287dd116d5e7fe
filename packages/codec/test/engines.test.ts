// The built codec, in every engine that it is for: each does the same with a few hundred frames.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { bunBinary, denoBinary, launchChromium, requirement } from '@framewire/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const codec = fileURLToPath(new URL('..', import.meta.url));

/** A folder in which the package is installed, alone or with `bufferutil`, and the script that uses it. */
function install(...peers: string[]): string {
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
    symlinkSync(found, join(folder, 'node_modules', peer));
  }
  return folder;
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(program, args, {
    env: { DENO_DIR: join(alone, '.deno') },
    cwd: alone,
  });
  return stderr + stdout.trim();
}

let alone: string;
let withBufferUtil: string;
/** What Node says: which digest, and that its bytes are Buffers. */
let expected: string;

beforeAll(async () => {
  if (!existsSync(join(codec, 'dist'))) {
    throw new Error(
      'packages/codec/dist is missing, and these tests are of what is built: run `npm run build` first',
    );
  }
  alone = install();
  withBufferUtil = install('bufferutil');
  expected = await output(process.execPath, join(alone, 'script.mjs'));
});

afterAll(() => {
  for (const folder of [alone, withBufferUtil]) rmSync(folder, { recursive: true });
});

const portable = () => expected.replace('Buffer', 'Uint8Array');

describe('the built codec does the same', () => {
  test('in Node', () => {
    expect(expected).toMatch(/^codec [0-9a-f]{16} of \d{7}, bytes as Buffer$/);
  });

  test('in Node with `bufferutil`', async () => {
    expect(await output(process.execPath, join(withBufferUtil, 'script.mjs'))).toBe(expected);
  });

  test('in Node on the kernel for other engines', async () => {
    expect(await output(process.execPath, '--conditions=browser', join(alone, 'script.mjs'))).toBe(
      portable(),
    );
  });

  test('in a worker thread', async () => {
    const worker = new Worker(join(alone, 'script.mjs'), { stdout: true, execArgv: [] });
    let line = '';
    for await (const chunk of worker.stdout) line += String(chunk);
    expect(line.trim()).toBe(expected);
  });

  test('in Bun', async () => {
    expect(await output(bunBinary(), join(alone, 'script.mjs'))).toBe(expected);
  });

  test.each([
    ['that may do nothing but read its files', '--allow-read'],
    ['that may do everything', '--allow-all'],
  ])('in Deno %s', async (_, permission) => {
    const script = join(alone, 'script.mjs');
    expect(await output(denoBinary(), 'run', '--no-prompt', '--quiet', permission, script)).toBe(expected);
  });

  test.skipIf(requirement('chromium').missing)('in a browser', async () => {
    const entryPoints = [join(alone, 'script.mjs')];
    const bundled = await build({
      entryPoints,
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
      expect((await Promise.race([line, failure])).text()).toBe(portable());
    } finally {
      await browser.close();
    }
  });
});
