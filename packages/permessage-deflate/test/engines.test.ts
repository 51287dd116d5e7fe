// The built package in engines other than Node: each produces the same bytes, also for long messages.
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

  test.skipIf(requirement('chromium').missing)('in a browser', async () => {
    expect(await alone.outputInBrowser()).toBe(expected);
  });
});
