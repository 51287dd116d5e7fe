// What the probe says about packages that are wrong in one way each. They are written into a temporary folder.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-probe-'));
  copyFileSync(fileURLToPath(new URL('../src/probe.mjs', import.meta.url)), join(folder, 'probe.mjs'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ONE_IDENTITY = { 'module-sync': './a.js', require: './a.cjs' };
const TWO_IDENTITIES = { import: './a.js', require: './a.cjs' };

/** The complaints about a package with these two builds, whose declarations promise `values`. */
function probe(esm: string, cjs: string, values: string[], conditions: object = ONE_IDENTITY): unknown {
  const path = join(folder, 'node_modules', 'subject');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'a.js'), esm);
  writeFileSync(join(path, 'a.cjs'), cjs);
  const manifest = { name: 'subject', type: 'module', exports: { '.': conditions } };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  const entries = [{ specifier: 'subject', values, commonjs: join(path, 'a.cjs') }];
  const args = ['--no-warnings', join(folder, 'probe.mjs'), JSON.stringify(entries)];
  const report = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
    string,
    unknown
  >;
  return report['subject'];
}

test('a package with one identity for import and require has no complaints', () => {
  expect(probe('export class A {}', 'exports.A = class {};', ['A'])).toEqual([]);
});

test('a name that the declarations promise must be there', () => {
  expect(probe('export class A {}', 'exports.A = class {};', ['A', 'B'])).toEqual(['import does not give B']);
});

test('a name that the declarations do not know is one too many', () => {
  expect(probe('export const a = 1, b = 2;', 'exports.a = exports.b = 1;', ['a'])).toEqual([
    'b is exported and not declared',
  ]);
});

test('the CommonJS build has every name', () => {
  expect(probe('export class A {}', '', ['A'])).toEqual(['the CommonJS build does not give A']);
});

test('two instances of one package are told apart', () => {
  expect(probe('export class A {}', 'exports.A = class {};', ['A'], TWO_IDENTITIES)).toEqual([
    'require gives another A than import',
  ]);
});

test('require gives what "module.exports" says, which is the default export', () => {
  const esm = `export class A {} A.A = A; export default A; export { A as 'module.exports' };`;
  const cjs = 'class A {} A.A = A; module.exports = A;';
  expect(probe(esm, cjs, ['A', 'default'])).toEqual([]);
  expect(probe(esm, 'exports.A = class {};', ['A', 'default'])).toEqual([
    'the CommonJS build is no function',
  ]);
  expect(probe(esm.replace('A.A = A;', ''), cjs, ['A', 'default'])).toEqual([
    'require gives another A than import',
  ]);
});

test('a package that cannot be loaded says why', () => {
  expect(probe('throw new Error("broken")', '', [])).toEqual(['Error: broken']);
});
