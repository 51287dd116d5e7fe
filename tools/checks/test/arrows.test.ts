// The rules for imports, each broken once.
import { describe, expect, test } from 'vitest';
import { ARROWS, findCycles, importsOf, judgeImports } from '../src/arrows.ts';
import { publishedPackages, type Manifest } from '../src/workspace.ts';

/** The complaints about one file of a package. */
function judge(folder: string, file: string, text: string, manifest: Partial<Manifest> = {}): string[] {
  return judgeImports({
    folder,
    manifest: { name: folder, version: '0.0.0', ...manifest },
    files: new Map([[file, text]]),
  });
}

function cycles(files: Record<string, string>, manifest: Partial<Manifest> = {}): string[] {
  return findCycles({
    manifest: { name: 'codec', version: '0.0.0', ...manifest },
    files: new Map(Object.entries(files)),
  });
}

test('the table lists exactly the packages that each package depends on', () => {
  const prefix = '@framewire/';
  for (const { folder, manifest } of publishedPackages()) {
    const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const folders = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    expect([...(ARROWS[folder] ?? [])].sort(), folder).toEqual(folders.sort());
  }
});

describe('an import is found', () => {
  test.each([
    ['statically', `import { a } from 'x'`],
    ['for its effect', `import 'x'`],
    ['for a type', `import type { A } from 'x'`],
    ['inside a type', `let a: import('x').A`],
    ['at run time', `await import('x')`],
    ['as a re-export', `export * from 'x'`],
    ['as a re-exported type', `export type { A } from 'x'`],
    ['by require', `const a = require('x')`],
  ])('%s', (_, text) => {
    expect(importsOf(text)).toEqual(['x']);
  });
});

describe('an import of another package', () => {
  test('is allowed if the table lists it', () => {
    const dependencies = { '@framewire/codec': 'workspace:^' };
    expect(judge('connection', 'src/a.ts', `import '@framewire/codec'`, { dependencies })).toEqual([]);
  });

  test('is refused if the table does not list it, even for a type', () => {
    const dependencies = { '@framewire/server': 'workspace:^' };
    expect(
      judge('client', 'src/a.ts', `import type { A } from '@framewire/server'`, { dependencies }),
    ).toEqual([
      'packages/client/package.json lists @framewire/server: client may not import server',
      'packages/client/src/a.ts imports @framewire/server: client may not import server',
    ]);
  });

  test('is refused from a layer to the umbrella', () => {
    expect(judge('server', 'src/a.ts', `import('framewire')`)).toEqual([
      'packages/server/src/a.ts imports framewire: server may not import framewire',
    ]);
  });

  test('is allowed in a test, which is not published', () => {
    expect(judge('codec', 'test/a.test.ts', `import 'framewire'; import 'node:fs'; import 'vitest'`)).toEqual(
      [],
    );
  });

  test('must be in package.json, where a subpath counts as its package', () => {
    expect(judge('codec', 'src/a.ts', `import '@scope/name/sub'`)).toEqual([
      'packages/codec/src/a.ts imports @scope/name/sub: its package.json does not list @scope/name',
    ]);
    const peerDependencies = { bufferutil: '^4.0.1' };
    expect(judge('codec', 'src/a.ts', `import 'bufferutil/fallback.js'`, { peerDependencies })).toEqual([]);
  });

  test('is refused in a package that is not in the table', () => {
    expect(judge('novel', 'src/a.ts', '')).toEqual([
      'packages/novel is not in the table of arrows (tools/checks/src/arrows.ts)',
    ]);
  });
});

describe('a sans-I/O package', () => {
  test('imports Node in src/kernels/ only', () => {
    expect(judge('codec', 'src/kernels/node.ts', `import 'node:buffer'`)).toEqual([]);
    expect(judge('codec', 'src/utf8.ts', `import 'node:buffer'`)).toEqual([
      "packages/codec/src/utf8.ts imports node:buffer: a sans-I/O package may import Node's modules only in src/kernels/",
    ]);
    expect(judge('connection', 'src/a.ts', `import 'node:stream'`)).toEqual([]);
  });

  test('has no dependencies', () => {
    expect(judge('handshake', 'src/a.ts', '', { dependencies: { other: '1.0.0' } })).toEqual([
      'packages/handshake/package.json lists other: a sans-I/O package must not have dependencies',
    ]);
  });
});

describe('a relative import', () => {
  test('stays in its package, in tests too', () => {
    expect(judge('codec', 'test/a.test.ts', `import '../src/utf8.ts'`)).toEqual([]);
    expect(judge('codec', 'test/a.test.ts', `import '../../handshake/src/key.ts'`)).toEqual([
      'packages/codec/test/a.test.ts imports ../../handshake/src/key.ts: a relative import must stay in its package',
    ]);
  });

  test('of a source does not reach the tests', () => {
    expect(judge('codec', 'src/a.ts', `import '../test/hex.ts'`)).toEqual([
      'packages/codec/src/a.ts imports ../test/hex.ts: sources may import only sources',
    ]);
  });
});

describe('a cycle', () => {
  test('is found once, whichever files lead into it', () => {
    const files = {
      'src/a.ts': `import './b.ts'`,
      'src/b.ts': `export * from './deep/c.ts'`,
      'src/deep/c.ts': `import('../b.ts')`,
      'src/d.ts': `import './b.ts'`,
    };
    expect(cycles(files)).toEqual(['src/b.ts -> src/deep/c.ts -> src/b.ts']);
  });

  test('is not found if two files import a third', () => {
    expect(
      cycles({
        'src/a.ts': `import './b.ts'; import './c.ts'`,
        'src/b.ts': `import './c.ts'`,
        'src/c.ts': '',
      }),
    ).toEqual([]);
  });

  test('of types alone does not count', () => {
    expect(cycles({ 'src/a.ts': `import './b.ts'`, 'src/b.ts': `import type { A } from './a.ts'` })).toEqual(
      [],
    );
  });

  test('through a private import is found', () => {
    const imports = { '#kernels': { '@framewire/source': { node: './src/k.ts' }, node: './dist/k.js' } };
    expect(cycles({ 'src/a.ts': `import '#kernels'`, 'src/k.ts': `import './a.ts'` }, { imports })).toEqual([
      'src/a.ts -> src/k.ts -> src/a.ts',
    ]);
  });
});
