import { existsSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kept } from '../src/kept-folders.ts';

let root = '';
let links = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'framewire-kept-'));
  links = join(root, 'links');
});
afterEach(() => rmSync(root, { recursive: true }));

/** Makes a folder with this name. */
function maker(name: string): () => Promise<string> {
  return () => {
    mkdirSync(join(root, name));
    return Promise.resolve(join(root, name));
  };
}

/** Fails, because the test expects that a folder is kept. */
const none = (): Promise<string> => Promise.reject(new Error('No folder was kept'));

describe('A folder', () => {
  test('is kept for its key, together with those of other keys', async () => {
    const [a, b] = [await kept(links, 'a', maker('of a')), await kept(links, 'b', maker('of b'))];
    expect([await kept(links, 'a', none), await kept(links, 'b', none)]).toEqual([a, b]);
    expect([existsSync(a), existsSync(b)]).toEqual([true, true]);
  });

  test('is the same for all runs that make it at the same time, and no other is left', async () => {
    const folders = await Promise.all(['1', '2', '3'].map((name) => kept(links, 'a', maker(name))));
    expect(new Set(folders).size).toBe(1);
    expect(existsSync(folders[0]!)).toBe(true);
    expect(readdirSync(root)).toHaveLength(2);
  });

  test('is made again if it was removed', async () => {
    rmSync(await kept(links, 'a', maker('first')), { recursive: true });
    const second = await kept(links, 'a', maker('second'));
    expect(existsSync(second)).toBe(true);
    expect(await kept(links, 'a', none)).toBe(second);
  });

  test('that cannot be made does not prevent the next one', async () => {
    await expect(kept(links, 'a', none)).rejects.toThrow('No folder was kept');
    expect(await kept(links, 'a', maker('later'))).toBe(join(root, 'later'));
  });

  test('that was not used for a day is removed', async () => {
    const [old, recent] = [await kept(links, 'old', maker('1')), await kept(links, 'recent', maker('2'))];
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    lutimesSync(join(links, 'old'), before, before);
    await kept(links, 'recent', none);
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
    expect(readdirSync(links)).toEqual(['recent']);
  });
});
