import { describe, expect, test } from 'vitest';
import { parseDocument } from '../src/document.ts';

/** A fenced block. */
function block(info: string, code = 'code();'): string {
  return `\`\`\`${info}\n${code}\n\`\`\`\n`;
}

describe('The examples of a document', () => {
  test.each([
    ['js', 'mjs'],
    ['javascript', 'mjs'],
    ['mjs', 'mjs'],
    ['cjs', 'cjs'],
    ['ts', 'ts'],
    ['typescript', 'ts'],
  ])('are its blocks in %s, run as .%s', (language, extension) => {
    const { examples } = parseDocument(block(language));
    expect(examples).toMatchObject([{ extension, code: 'code();', leftOut: false }]);
  });

  test.each(['', 'sh', 'json', 'html', 'text'])('do not include blocks in "%s"', (language) => {
    expect(parseDocument(block(language)).examples).toEqual([]);
  });

  test('have their heading and their line', () => {
    const { examples } = parseDocument(`${block('js')}\n# One\n\n## \`Two\` here\n\ntext\n\n${block('ts')}`);
    expect(examples).toMatchObject([
      { heading: '', line: 2 },
      { heading: 'Two here', line: 12 },
    ]);
  });

  test('are found inside lists, without the indentation', () => {
    const { examples } = parseDocument('- item\n\n  ```js\n  if (a)\n    b();\n  ```\n');
    expect(examples).toMatchObject([{ code: 'if (a)\n  b();' }]);
  });

  test('are left out only by no-run, and the comment directly before them is the reason', () => {
    const { examples } = parseDocument(
      [
        `<!-- Needs a certificate. -->\n\n${block('js no-run')}`,
        block('js no-run'),
        `<!-- Far away. -->\n\ntext\n\n${block('ts no-run')}`,
        block('js norun'),
      ].join('\n'),
    );
    expect(examples.map(({ leftOut, reason }) => ({ leftOut, reason }))).toEqual([
      { leftOut: true, reason: 'Needs a certificate.' },
      { leftOut: true, reason: '' },
      { leftOut: true, reason: '' },
      { leftOut: false, reason: '' },
    ]);
  });
});

describe('The links of a document', () => {
  test('are its links, images and definitions, but not code that looks like a link', () => {
    const { links } = parseDocument('[a](one.md) ![b](two.png)\n\n`[c](no.md)` [d][e]\n\n[e]: three.md\n');
    expect(links).toEqual([
      { url: 'one.md', line: 1 },
      { url: 'two.png', line: 1 },
      { url: 'three.md', line: 5 },
    ]);
  });

  test('can name its headings, and append a number to the second of two equal ones', () => {
    const { anchors } = parseDocument('# Why?\n\n## `a.b()` and c\n\n## Why?\n');
    expect([...anchors]).toEqual(['why', 'ab-and-c', 'why-1']);
  });
});
