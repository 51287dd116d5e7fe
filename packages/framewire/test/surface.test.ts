// The pages about the interface of ws in doc/. Each row of a table has tests that exist. The pages name every member, option and error
// code.
import { readFileSync } from 'node:fs';
import { PROTOCOL_ERRORS } from '@framewire/codec';
import * as framewire from 'framewire';
import { describe, expect, test } from 'vitest';
import pages from './reference/page-tests.json' with { type: 'json' };
import { runTitles, runTitlesIn, sourceOf } from './reference/test-titles.ts';

const root = new URL('../../../', import.meta.url);

/** Page, section, first cell of a row, file, titles. */
const tests: Record<string, Record<string, Record<string, Record<string, string[]>>>> = pages;
const texts = new Map(
  Object.keys(tests).map((page) => [page, readFileSync(new URL(`../doc/${page}`, import.meta.url), 'utf8')]),
);

/** The titles by file. Cached, because many rows name the same file. */
const known = new Map<string, Set<string>>();
function titlesIn(file: string): Set<string> {
  const titles = known.get(file) ?? runTitlesIn(new URL(file, root));
  known.set(file, titles);
  return titles;
}

describe.each([...texts])('doc/%s', (page, text) => {
  const sections = tests[page] ?? {};

  test('has the rows that page-tests.json lists with their tests, and no others', () => {
    const listed = Object.entries(sections).flatMap(([section, rows]) =>
      Object.keys(rows).map((row) => `${section}: ${row}`),
    );
    expect(rowsOf(text)).toEqual(listed);
  });

  test.each(Object.entries(sections).flatMap(([, rows]) => Object.entries(rows)))(
    '%s: its tests exist and run',
    (_row, files) => {
      const named = Object.entries(files).flatMap(([file, titles]) =>
        titles.map((title) => ({ file, title })),
      );
      expect(named).not.toEqual([]);
      expect(named.filter(({ file, title }) => !titlesIn(file).has(title))).toEqual([]);
    },
  );
});

test('the pages name every export, member, option and error code', () => {
  const { WebSocket, WebSocketServer } = framewire;
  const server = new WebSocketServer({ noServer: true });
  const names = [
    ...Object.keys(framewire).filter((name) => !['default', 'module.exports'].includes(name)),
    ...membersOf(new WebSocket(null)),
    ...membersOf(server),
    ...Object.keys(server.options),
    ...Object.values(PROTOCOL_ERRORS).map(({ code }) => code),
  ];
  const named = new Set([...texts.values()].join('\n').match(/[\w-]+/g));
  expect(names.filter((name) => !named.has(name))).toEqual([]);
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
    "expect(text).toBe('it')",
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

/** Each row of the tables of a page: the heading of its section, and its first cell. */
function rowsOf(text: string): string[] {
  const rows: string[] = [];
  let section = '';
  let row = 0;
  for (const line of text.split('\n')) {
    section = /^#+ (.+)$/.exec(line)?.[1] ?? section;
    const cell = /^\| (.+?) +\|/.exec(line)?.[1];
    row = cell === undefined ? 0 : row + 1;
    // The first two lines of a table are its head.
    if (cell !== undefined && row > 2) rows.push(`${section}: ${cell}`);
  }
  return rows;
}
