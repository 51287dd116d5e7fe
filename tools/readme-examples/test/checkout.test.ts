import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { brokenLink, builtPackages, isReadme } from '../src/checkout.ts';

/** Creates a folder of packages, each with a name in its package.json, and with or without a dist/. */
function packagesFolder(packages: Record<string, 'built' | 'not built'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'framewire-checkout-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, state] of Object.entries(packages)) {
    mkdirSync(join(folder, name, state === 'built' ? 'dist' : 'src'), { recursive: true });
    writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name: `@a/${name}` }));
  }
  return folder;
}

describe('The packages that examples import', () => {
  test('are all packages, by the names in their manifests', () => {
    const folder = packagesFolder({ one: 'built', two: 'built' });
    mkdirSync(join(folder, 'no-package'));
    expect(builtPackages(folder)).toEqual([
      { name: '@a/one', folder: join(folder, 'one') },
      { name: '@a/two', folder: join(folder, 'two') },
    ]);
  });

  test('must be built: otherwise the error names one that is not, and says how to build it', () => {
    const folder = packagesFolder({ one: 'built', two: 'not built' });
    expect(() => builtPackages(folder)).toThrow('@a/two is not built: run npm run build first');
  });
});

describe('Examples are run', () => {
  test.each([
    ['README.md', true],
    ['packages/codec/README.md', true],
    ['packages/handshake/examples/proxy/README.md', true],
    ['packages/framewire/doc/api.md', true],
    ['docs/faq.md', true],
    ['docs/guides/testing.md', true],
    ['packages/codec/CHANGELOG.md', false],
    ['packages/codec/test/README.md', false],
    ['tools/start/README.md', false],
    ['.changeset/README.md', false],
  ])('of %s: %s', (path, expected) => {
    expect(isReadme(path)).toBe(expected);
  });
});

describe('A link into the repository on the web', () => {
  const repository = 'https://github.com/framewire/framewire';
  const readme = { path: 'README.md', examples: [], links: [], anchors: new Set(['install']) };
  const faultOf = (url: string): string => brokenLink(url, 'packages/codec/README.md', [readme]);

  test.each(['blob/main/README.md', 'blob/main/README.md#install', 'tree/main/packages/codec'])(
    'has no fault when the checkout has its target: %s',
    (path) => {
      expect(faultOf(`${repository}/${path}`)).toBe('');
    },
  );

  test.each([
    ['blob/main/nothing.md', 'nothing.md does not exist'],
    ['blob/main/README.md#nothing', 'README.md has no heading #nothing'],
    ['wiki', 'wiki is not a file of the main branch'],
    ['blob/main/../outside', 'leads out of the checkout'],
  ])('has a fault when the checkout does not have its target: %s', (path, reason) => {
    expect(faultOf(`${repository}/${path}`)).toBe(reason);
  });
});
