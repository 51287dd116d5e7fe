// The built codec in engines other than Node: each has the same results for a few hundred frames.
import { bunBinary, denoBinary, launchChromium, requirement } from '@framewire/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, portable, type Installed } from './engines/install.ts';

let alone: Installed;
/** The result of Node. */
let expected: string;

beforeAll(async () => {
  alone = install();
  expected = await alone.output(process.execPath, alone.script);
});

afterAll(() => {
  alone.remove();
});

describe('the built codec has the same results', () => {
  test('in Bun', async () => {
    expect(await alone.output(bunBinary(), alone.script)).toBe(expected);
  });

  test.each([
    ['with permission only to read its files', '--allow-read'],
    ['with all permissions', '--allow-all'],
  ])('in Deno %s', async (_, permission) => {
    expect(await alone.output(denoBinary(), 'run', '--no-prompt', '--quiet', permission, alone.script)).toBe(
      expected,
    );
  });

  test.skipIf(requirement('chromium').missing)('in a browser', async () => {
    const entryPoints = [alone.script];
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
      expect((await Promise.race([line, failure])).text()).toBe(portable(expected));
    } finally {
      await browser.close();
    }
  });
});
