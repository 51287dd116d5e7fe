import { describe, expect, test } from 'vitest';
import { cut, errorCodesPage } from '../src/reference/codes.ts';

const DOCUMENT = ['# Reference', '## One', 'first', '### Below', 'second', '## Two', 'third', ''].join(
  '\n\n',
);

describe('A part of a document', () => {
  test('becomes a page, with headings one level higher', () => {
    expect(cut(DOCUMENT, 'One')).toBe('# One\n\nfirst\n\n## Below\n\nsecond\n');
    expect(cut(DOCUMENT, 'Two')).toBe('# Two\n\nthird\n\n');
  });

  test('must exist', () => {
    expect(() => cut(DOCUMENT, 'Below')).toThrow('There is no heading "Below"');
  });
});

describe('The page of error codes', () => {
  const rows = ['| `WS_ERR_EXPECTED_MASK` | known |', '| `WS_ERR_OF_A_BROKER` | a \\| b | more |'];
  const page = errorCodesPage(new Map([['packages/broker/README.md', rows.join('\n')]]));

  test('has the codes of the reference', () => {
    expect(page).toMatch(/^# Error codes\n/);
    expect(page).toContain('\n## The peer broke a rule\n');
  });

  test('has the other codes of a package after them', () => {
    const [, part] = page.split('\n## Codes of broker\n');
    expect(part).toBe(
      '\n| name | cause |\n| --- | --- |\n| `WS_ERR_OF_A_BROKER` | a \\| b |\n\nSee [the package](../../../packages/broker/README.md).\n\n',
    );
  });
});
