import { describe, expect, test } from 'vitest';
import { judgeContents, linkOf, pagesOfCheckout, readContents, type Section } from '../src/contents.ts';
import { generatedPages } from '../src/reference/write.ts';

const contents: Section[] = [
  { section: 'Tutorial', pages: [{ page: 'docs/tutorial/1.md' }] },
  { section: 'Guides', pages: [] },
  {
    section: 'Reference',
    pages: [{ page: 'packages/codec/README.md', pages: [{ page: 'reference/codec.md' }] }],
  },
  { section: 'Explanation', pages: [] },
  { section: 'FAQ', pages: [] },
];
const existing = ['docs/index.md', 'docs/tutorial/1.md', 'packages/codec/README.md'];

test('docs/contents.json lists every page', () => {
  expect(judgeContents(readContents(), [...pagesOfCheckout(), ...generatedPages()])).toEqual([]);
});

describe('A table of contents', () => {
  test('has no faults if it lists every page once', () => {
    expect(judgeContents(contents, existing)).toEqual([]);
  });

  test('must list every page', () => {
    expect(judgeContents(contents, [...existing, 'docs/faq.md'])).toEqual([
      'docs/contents.json: docs/faq.md is not listed',
    ]);
  });

  test('must not list a page that does not exist, or one page twice', () => {
    const guides = { section: 'Guides', pages: [{ page: 'docs/guide.md' }, { page: 'docs/tutorial/1.md' }] };
    expect(judgeContents(contents.with(1, guides), existing)).toEqual([
      'docs/contents.json: docs/guide.md is listed, but does not exist',
      'docs/contents.json: docs/tutorial/1.md is listed twice',
    ]);
  });

  test('must have the sections of Diátaxis, and an FAQ', () => {
    expect(judgeContents(contents.slice(0, 4), existing)).toEqual([
      'docs/contents.json: the sections are Tutorial, Guides, Reference, Explanation instead of Tutorial, Guides, Reference, Explanation, FAQ',
    ]);
  });
});

test.each([
  ['docs/index.md', '/'],
  ['docs/guides/proxies.md', '/guides/proxies'],
  ['packages/codec/README.md', '/packages/codec/'],
  ['packages/deflate/doc/files.md', '/packages/deflate/files'],
  ['autobahn/README.md', '/packages/conformance/'],
])('%s is at %s', (page, address) => {
  expect(linkOf(page)).toBe(address);
});
