// The names in declarations that older compilers cannot read. The tests write the declarations into a temporary folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { judgeDeclarations } from '../src/declarations.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-declarations-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function judge(file: string, text: string): string[] {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
  return judgeDeclarations(folder);
}

test.each([
  ["export { A as 'module.exports', B };", "'module.exports'"],
  ['export { A as "module.exports" };', '"module.exports"'],
  ["export { 'a b' as A } from './a.js';", "'a b'"],
  ["export * as 'a b' from './a.js';", "'a b'"],
  ["import { 'a b' as A } from './a.js';", "'a b'"],
])('in %s, TypeScript before 5.6 cannot read the name', (text, name) => {
  expect(judge('index.d.ts', text)).toEqual([
    `index.d.ts: TypeScript before 5.6 cannot read the name ${name}`,
  ]);
});

test('the declarations of every kind of module are read, in every folder', () => {
  const text = "export { A as 'b' };";
  for (const file of ['dist/a.d.ts', 'dist/b.d.cts', 'c.d.mts']) judge(file, text);
  expect(judgeDeclarations(folder)).toHaveLength(3);
});

test('names without quotes, modules and literals are accepted, and sources are ignored', () => {
  expect(
    judge(
      'index.d.ts',
      "import { A } from 'a'; import type B = require('b'); export * from 'c'; export { A as default, type B };" +
        "export type D = 'd' | typeof import('e'); export interface F { 'g h': 1 }",
    ),
  ).toEqual([]);
  expect(judge('index.ts', "export { A as 'module.exports' };")).toEqual([]);
});
