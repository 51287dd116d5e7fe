import { describe, expect, test } from 'vitest';
import { brokenLink, documents, type File } from '../src/checkout.ts';
import { parseDocument } from '../src/document.ts';

const files = documents();

describe('Links between the documents', () => {
  test.each(files.map(({ path, links }) => [path, links] as const))('of %s lead somewhere', (path, links) => {
    const broken = links
      .map(({ url, line }) => ({ url, line, problem: brokenLink(url, path, files) }))
      .filter(({ problem }) => problem !== '');
    expect(broken).toEqual([]);
  });
});

test('Examples decode messages without removing a leading U+FEFF', () => {
  const decoders = files.flatMap(({ path, examples }) =>
    examples
      .flatMap(({ code }) => code.match(/new TextDecoder\(.*/g) ?? [])
      .map((call) => `${path}: ${call}`),
  );
  expect(decoders.length).toBeGreaterThan(0);
  expect(decoders.filter((call) => !call.includes('ignoreBOM: true'))).toEqual([]);
});

describe('A link', () => {
  const known: File = {
    path: 'tools/testing/package.json',
    ...parseDocument('# One word\n\n## `two()` words\n'),
  };

  test.each([
    ['https://example.com/nowhere', ''],
    ['mailto:someone@example.com', ''],
    ['src', ''],
    ['../start/package.json', ''],
    ['#two-words', ''],
    ['package.json#one-word', ''],
    ['absent.md', 'tools/testing/absent.md does not exist'],
    ['#three-words', 'tools/testing/package.json has no heading #three-words'],
    ['../../../elsewhere', 'leads out of the checkout'],
    ['/tools', 'leads out of the checkout'],
  ])('to %s: "%s"', (url, problem) => {
    expect(brokenLink(url, 'tools/testing/package.json', [known])).toBe(problem);
  });
});
