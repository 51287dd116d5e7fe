// doc/surface.md and doc/moving-from-ws.md: every test that they name exists, and they name every member, option and error code.
import { readFileSync } from 'node:fs';
import { PROTOCOL_ERRORS } from '@framewire/codec';
import * as framewire from 'framewire';
import { describe, expect, test } from 'vitest';
import { runTitles, runTitlesIn, sourceOf } from './reference/test-titles.ts';

const page = new URL('../doc/surface.md', import.meta.url);
const text = [page, new URL('moving-from-ws.md', page)].map((url) => readFileSync(url, 'utf8')).join('\n');

/** The rows that name a test. */
const rows = [...text.matchAll(/^\| (.+?) +\| \[[^\]]+\]\(([^)]+)\) +\| (.+?) +\|$/gm)].map(
  ([, what = '', file = '', title = '']) => ({ what, file, title }),
);

/** The titles by file. Cached, because many rows name the same file. */
const known = new Map<string, Set<string>>();
function titlesIn(file: string): Set<string> {
  const titles = known.get(file) ?? runTitlesIn(new URL(file, page));
  known.set(file, titles);
  return titles;
}

describe('the table of the surface', () => {
  test.each(rows)('$what: its test exists and runs', ({ file, title }) => {
    expect([...titlesIn(file)]).toContain(title);
  });

  test('has a row for every name of the classes and the module, every option and every error code', () => {
    const { WebSocket, WebSocketServer } = framewire;
    const server = new WebSocketServer({ noServer: true });
    const names = [
      ...Object.keys(framewire).filter((name) => !['default', 'module.exports'].includes(name)),
      ...membersOf(new WebSocket(null)),
      ...membersOf(server),
      ...Object.keys(server.options),
      ...Object.values(PROTOCOL_ERRORS).map(({ code }) => code),
    ];
    const named = new Set(text.match(/[\w-]+/g));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });
});

describe('a title counts', () => {
  test.each([
    ["test('it', () => {})", ['it']],
    ["describe('a', () => { test.each(list)('b %s', run) })", ['a', 'b %s']],
    ['test.skipIf(missing).concurrent(`c`, run)', ['c']],
    ["test.each([{ title: 'row' }])('$title', run)", ['$title', 'row']],
  ])('as it stands in %s', (source, titles) => {
    expect([...runTitles(sourceOf('some.test.ts', source))].sort()).toEqual(titles.sort());
  });

  test.each([
    "// test('it', run)",
    "const it = 'it'",
    "test.skip('it', run)",
    "test.todo('it')",
    "test.fails('it', run)",
    "test.skip.each(list)('it', run)",
    "describe.skip('group', () => { test('it', run) })",
    "expect(told).toBe('it')",
  ])('not in %s', (source) => {
    expect([...runTitles(sourceOf('some.test.ts', source))]).toEqual([]);
  });
});

/** The public names of an object and of its classes, except those of Node. */
function membersOf(object: object): string[] {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(object) as object;
    !Object.hasOwn(prototype, 'addListener');
    prototype = Object.getPrototypeOf(prototype) as object
  ) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  return names.filter((name) => name !== 'constructor');
}
