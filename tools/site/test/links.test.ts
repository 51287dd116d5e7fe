import { describe, expect, test } from 'vitest';
import { rewriteLinks, siteLink, type Checkout } from '../src/links.ts';

const REPOSITORY = 'https://example.com/us/ours';
const SITE = 'https://ours.example/docs/';

const images: string[] = [];
const checkout: Checkout = {
  routes: new Map([
    ['docs/index.md', 'index'],
    ['docs/tutorial/README.md', 'tutorial/index'],
    ['docs/guides/proxies.md', 'guides/proxies'],
    ['packages/codec/README.md', 'packages/codec/index'],
    ['packages/codec/doc/files.md', 'packages/codec/files'],
  ]),
  repository: REPOSITORY,
  site: SITE,
  isFolder: (path) => path === 'packages/codec/src' || path === 'docs/tutorial',
  onImage: (path) => void images.push(path),
};

describe('A link of a document', () => {
  test.each([
    ['README.md', '/packages/codec/'],
    ['doc/files.md', '/packages/codec/files'],
    ['doc/files.md#errors', '/packages/codec/files#errors'],
    ['../codec', '/packages/codec/'],
    ['../../docs/index.md', '/'],
    ['../../docs/tutorial', `${REPOSITORY}/tree/main/docs/tutorial`],
    ['#errors', '#errors'],
    ['src', `${REPOSITORY}/tree/main/packages/codec/src`],
    ['src/frame.ts#L7', `${REPOSITORY}/blob/main/packages/codec/src/frame.ts#L7`],
    [`${REPOSITORY}/blob/main/docs/guides/proxies.md#nginx`, '/guides/proxies#nginx'],
    [`${REPOSITORY}/tree/main/packages/codec`, '/packages/codec/'],
    [`${REPOSITORY}/blob/main/LICENSE`, `${REPOSITORY}/blob/main/LICENSE`],
    [`${REPOSITORY}/issues`, `${REPOSITORY}/issues`],
    [`${SITE}reference/codec#endpoint`, '/reference/codec#endpoint'],
    [SITE, '/'],
    [
      'https://example.com/us/ours-too/blob/main/docs/index.md',
      'https://example.com/us/ours-too/blob/main/docs/index.md',
    ],
    ['mailto:someone@example.com', 'mailto:someone@example.com'],
  ])('to %s leads to %s on the site', (url, target) => {
    expect(siteLink(url, 'packages/codec/README.md', checkout)).toBe(target);
  });
});

describe('A document', () => {
  test('has the targets of its links changed, and nothing else', () => {
    const document = [
      'See [doc/files.md](doc/files.md), `[code](doc/files.md)` and <https://example.com/>.',
      '',
      '| [a](doc/files.md#a) | [b][label] |',
      '',
      '```md',
      '[c](doc/files.md)',
      '```',
      '',
      '[label]: ../../docs/guides/proxies.md',
      '',
    ].join('\n');
    expect(rewriteLinks(document, 'packages/codec/README.md', checkout)).toBe(
      document
        .replace('(doc/files.md),', '(/packages/codec/files),')
        .replace('(doc/files.md#a)', '(/packages/codec/files#a)')
        .replace('../../docs/guides/proxies.md', '/guides/proxies'),
    );
  });

  test('shows an image from the copy on the site', () => {
    expect(rewriteLinks('![A chart](chart.svg)', 'docs/guides/proxies.md', checkout)).toBe(
      '![A chart](/docs/guides/chart.svg)',
    );
    expect(images).toEqual(['docs/guides/chart.svg']);
  });
});
