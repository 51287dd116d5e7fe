// What the probe reports about packages with one fault each. The tests write the packages into a temporary folder.
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

const WRAPPER = `import cjs from './a.cjs'; export const { A } = cjs;`;

/** The complaints about a package with these files, whose declarations have `values`. */
function probe({
  cjs = 'exports.A = class {};',
  mjs = WRAPPER,
  js = 'export class A {}',
  values = ['A'],
}): unknown {
  const path = join(folder, 'node_modules', 'subject');
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries({ 'a.cjs': cjs, 'a.mjs': mjs, 'a.js': js })) {
    writeFileSync(join(path, name), text);
  }
  const conditions = { module: './a.js', require: './a.cjs', default: './a.mjs' };
  const manifest = { name: 'subject', type: 'module', exports: { '.': conditions } };
  writeFileSync(join(path, 'package.json'), JSON.stringify(manifest));
  const entries = [{ specifier: 'subject', values, bundled: join(path, 'a.js') }];
  const args = ['--no-warnings', join(folder, 'probe.mjs'), JSON.stringify(entries)];
  const report = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
    string,
    unknown
  >;
  return report['subject'];
}

test('a package that import and require() load once has no complaints', () => {
  expect(probe({})).toEqual([]);
});

test('a declared name must exist', () => {
  expect(probe({ values: ['A', 'B'] })).toEqual([
    'import does not have B',
    'the module for bundlers does not have B',
  ]);
});

test('a name that exists must be declared', () => {
  expect(probe({ mjs: `${WRAPPER} export const b = cjs.b = 1;` })).toEqual([
    'import has b, which is not declared',
  ]);
});

test('the module for bundlers has the same names', () => {
  expect(probe({ js: 'export const b = 1;' })).toEqual([
    'the module for bundlers does not have A',
    'the module for bundlers has b, which is not declared',
  ]);
});

test('two instances of one package are reported', () => {
  expect(probe({ mjs: 'export class A {}' })).toEqual(['require has a different A than import']);
});

test('require must return the default export, if there is one', () => {
  const whole = { mjs: `${WRAPPER} export default cjs;`, js: 'export class A {} export default A;' };
  const values = ['A', 'default'];
  expect(probe({ cjs: 'class A {} A.A = A; module.exports = A;', ...whole, values })).toEqual([]);
  expect(
    probe({ cjs: 'exports.A = class {};', ...whole, mjs: `${WRAPPER} export default A;`, values }),
  ).toEqual(['require does not return the default export']);
});

test('a package that cannot be loaded is reported with its error', () => {
  expect(probe({ mjs: 'throw new Error("broken")' })).toEqual(['Error: broken']);
});
