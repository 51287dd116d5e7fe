import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Example } from '../src/document.ts';
import { Workbench } from '../src/workbench.ts';

const RUN_MS = 20_000;

let folder: string;
let workbench: Workbench;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'framewire-workbench-')));
  const greeting = join(folder, 'greeting');
  mkdirSync(greeting);
  const condition = { '@framewire/source': './source.js', types: './index.d.ts', default: './index.js' };
  writeFileSync(
    join(greeting, 'package.json'),
    JSON.stringify({ name: '@a/greeting', type: 'module', exports: condition }),
  );
  writeFileSync(join(greeting, 'index.js'), `export const hello = 'hello';\n`);
  writeFileSync(join(greeting, 'source.js'), `throw new Error('not built');\n`);
  writeFileSync(join(greeting, 'index.d.ts'), `export declare const hello: string;\n`);
  workbench = new Workbench(join(folder, 'bench'), [{ name: '@a/greeting', folder: greeting }]);
});
afterAll(() => {
  workbench.close();
  rmSync(folder, { recursive: true });
});

/** Writes an example that starts on the given line. */
function write(extension: Example['extension'], code: string, line = 1): string {
  return workbench.write('docs/README.md', {
    heading: '',
    line,
    extension,
    code,
    leftOut: false,
    reason: '',
  });
}

describe('An example on the workbench', () => {
  test.each([
    ['mjs', `import { hello } from '@a/greeting'; await console.log(hello);`],
    ['cjs', `import('@a/greeting').then(({ hello }) => console.log(hello)); require('ws');`],
    ['ts', `import { hello } from '@a/greeting'; const copy: string = hello; console.log(copy);`],
  ] as const)('imports the built package by name, as .%s', async (extension, code) => {
    const outcome = await workbench.run(write(extension, code), RUN_MS);
    expect(outcome).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  test('that throws reports the place in its document', async () => {
    const { code, stderr } = await workbench.run(write('mjs', `throw new Error('no');`, 41), RUN_MS);
    expect(code).toBe(1);
    expect(stderr).toContain('docs-README.41.mjs:41');
  });

  test('that does not end is killed', async () => {
    const outcome = await workbench.run(write('mjs', 'setInterval(() => {}, 1000);'), 500);
    expect(outcome.code).toBeNull();
  });

  test('is type-checked in strict mode, with the lines of its document', () => {
    const good = write('ts', `import { hello } from '@a/greeting';\nexport const a: string = hello;`);
    const bad = write('ts', `import { hello } from '@a/greeting';\nexport const a: number = hello;`, 7);
    const loose = write('ts', 'export const f = (x) => x;', 20);
    expect(workbench.typeCheck([good])).toBe('');
    const diagnostics = workbench.typeCheck([good, bad, loose]).trim().split('\n');
    expect(diagnostics).toEqual([
      expect.stringMatching(/^docs-README\.20\.ts\(20,19\): error TS7006/),
      expect.stringMatching(/^docs-README\.7\.ts\(8,14\): error TS2322/),
    ]);
  });
});
