// The built package in engines other than Node: each produces the same bytes, also for long messages.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { bunBinary, denoBinary, requirement } from '@framewire/testing';
import { installAlone, type Alone } from '@framewire/testing/alone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let alone: Alone;
/** What Node prints. */
let expected: string;

beforeAll(async () => {
  const script = new URL('engines/script.mjs', import.meta.url);
  alone = installAlone(['permessage-deflate', 'deflate'], script);
  expected = await alone.output(process.execPath, alone.script);
  expect(expected).toMatch(/^\d+ bytes$/);
});

afterAll(() => {
  alone.remove();
});

describe('the built package produces the same', () => {
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

test('reports that it cannot compress where V8 forbids compiling WebAssembly, as in Cloudflare Workers', () => {
  const file = join(alone.folder, 'node_modules/@framewire/permessage-deflate/dist/kernels/portable.cjs');
  const text = `const exports = {}; ${readFileSync(file, 'utf8')}; exports.kernel.isSupported()`;
  const supports = (wasm: boolean): unknown =>
    runInNewContext(text, { TextEncoder }, { contextCodeGeneration: { strings: false, wasm } });
  expect([supports(true), supports(false)]).toEqual([true, false]);
});
