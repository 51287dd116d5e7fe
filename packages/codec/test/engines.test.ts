// The built codec in engines other than Node: each has the same results for a few hundred frames.
import { bunBinary, denoBinary, requirement } from '@framewire/testing';
import type { Alone } from '@framewire/testing/alone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, portable } from './engines/install.ts';

let alone: Alone;
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
    expect(await alone.outputInBrowser()).toBe(portable(expected));
  });
});
