// The complaints about the addresses in manifests, and about the links of READMEs.
import { describe, expect, test } from 'vitest';
import { judgeAddresses, judgeLinks } from '../src/metadata.ts';

const ADDRESS = 'https://example.org/a/b';
const ORIGIN = {
  bugs: `${ADDRESS}/issues`,
  repository: { type: 'git', url: `git+${ADDRESS}.git` },
};
const RIGHT = {
  name: 'c',
  version: '1.0.0',
  homepage: `${ADDRESS}/tree/main/packages/c#readme`,
  bugs: ORIGIN.bugs,
  repository: { ...ORIGIN.repository, directory: 'packages/c' },
};

describe('the addresses in a manifest', () => {
  test('are those of the repository and of the folder in it', () => {
    expect(judgeAddresses(RIGHT, 'packages/c', ORIGIN)).toEqual([]);
  });

  test.each([
    ['homepage', { ...RIGHT, homepage: ADDRESS }],
    ['bugs', { name: 'c', version: '1.0.0', homepage: RIGHT.homepage, repository: RIGHT.repository }],
    ['repository', { ...RIGHT, repository: ORIGIN.repository }],
  ])('are wrong if %s differs', (name, manifest) => {
    expect(judgeAddresses(manifest, 'packages/c', ORIGIN)).toEqual([expect.stringContaining(`"${name}" is`)]);
  });
});

describe('a link of a README', () => {
  test.each(['[a](#a)', '[a](https://example.org/else)', 'none'])('may be %s', (text) => {
    expect(judgeLinks(text)).toEqual([]);
  });

  test.each(['[a](../c)', '[a](doc/api.md) and [b](#b)', '![a](a.png)'])(
    'may not be relative: %s',
    (text) => {
      expect(judgeLinks(text)).toEqual([expect.stringContaining('is relative')]);
    },
  );
});
