// Every test that README.md names exists, and README.md names every test file.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = new URL('../README.md', import.meta.url);
const [, , ...rows] = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'));

/** The tests that a row names, and the file of each. */
function testsOf(row: string): { file: string; title: string }[] {
  return [...row.matchAll(/\]\((test\/[^)]+)\)((?:,? "[^"]+")+)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  );
}

test.each(rows.map((row) => [row.split('|')[1]?.trim(), row]))('%s: its tests exist', (_what, row) => {
  const tests = testsOf(row);
  expect(tests).not.toEqual([]);
  const missing = tests.filter(({ file, title }) => {
    const source = readFileSync(new URL(file, page), 'utf8');
    // As written in the source, in any quotes.
    return !["'", '"', '`'].some((quote) => source.includes(quote + title + quote));
  });
  expect(missing).toEqual([]);
});

test('README.md names each test file', () => {
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((name) => name.endsWith('.test.ts') && name !== 'readme.test.ts')
    .map((name) => `test/${name}`);
  expect([...new Set(rows.flatMap(testsOf).map(({ file }) => file))].sort()).toEqual(files.sort());
});
