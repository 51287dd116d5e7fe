// The built package in engines other than Node: each produces the same bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type * as Deflate from '@framewire/deflate';
import { bunBinary, denoBinary, requirement } from '@framewire/testing';
import { installAlone, type Alone } from '@framewire/testing/alone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let alone: Alone;
/** What Node prints. */
let expected: string;

beforeAll(async () => {
  alone = installAlone(['deflate'], new URL('engines/script.mjs', import.meta.url));
  expected = await alone.output(process.execPath, alone.script);
  expect(expected).toMatch(/^\d+ bytes, [0-9a-f]+, ERR_INFLATE_BLOCK_TYPE$/);
});

afterAll(() => {
  alone.remove();
});

describe('the built package produces the same', () => {
  test('in a context that has only the language and WebAssembly', () => {
    const file = join(alone.folder, 'node_modules/@framewire/deflate/dist/index.cjs');
    const text = `(() => { const exports = {}; ${readFileSync(file, 'utf8')}; return exports; })()`;
    const { deflate, inflate } = runInNewContext(text) as typeof Deflate;
    const { data } = inflate(deflate(Buffer.from('what is said')));
    expect(Buffer.from(data).toString()).toBe('what is said');
  });

  test('in Bun', async () => {
    expect(await alone.output(bunBinary(), alone.script)).toBe(expected);
  });

  test('in Deno with permission only to read its files', async () => {
    const args = ['run', '--no-prompt', '--quiet', '--allow-read', alone.script];
    expect(await alone.output(denoBinary(), ...args)).toBe(expected);
  });

  test('in an edge runtime', async () => {
    expect(await alone.outputInEdgeRuntime()).toBe(expected);
  });

  test.skipIf(requirement('chromium').missing)('in a browser', async () => {
    expect(await alone.outputInBrowser()).toBe(expected);
  });
});
