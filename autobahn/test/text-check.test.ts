import { describe, expect, test } from 'vitest';
import { TextCheck } from '../src/text-check.ts';

/** Adds the octets in chunks, then ends the text. Returns the result of each step. */
function check(...chunks: string[]): boolean[] {
  const text = new TextCheck();
  return [...chunks.map((hex) => text.add(Buffer.from(hex, 'hex'))), text.end()];
}

describe('the check of text', () => {
  test('accepts characters that are cut between chunks', () => {
    expect(check('ceba', 'f0', '90', '8080', '')).toEqual([true, true, true, true, true, true]);
  });

  test('rejects an octet that cannot continue the text as soon as it arrives', () => {
    expect(check('f4', '90')).toEqual([true, false, false]);
  });

  test('rejects every later chunk, and the end, once the text is invalid', () => {
    expect(check('ff', '41', 'ceba')).toEqual([false, false, false, false]);
  });

  test('rejects a text that ends inside a character', () => {
    expect(check('41c3')).toEqual([true, false]);
  });
});
