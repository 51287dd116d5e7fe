// `extension` and `subprotocol` of framewire and `ws`: what they parse and write.
import { describe, expect, test } from 'vitest';
import { modules, thrownBy } from './beside-ws.ts';

describe.each(modules)('%s', (_name, { extension, subprotocol }) => {
  test('both have only the functions to parse and write', () => {
    expect(Object.keys(extension).sort()).toEqual(['format', 'parse']);
    expect(Object.keys(subprotocol)).toEqual(['parse']);
  });

  describe('extension.parse()', () => {
    test('returns the offers of each extension in order, with all values of each parameter', () => {
      expect(extension.parse('permessage-deflate; a=1; a="2"; b, permessage-deflate, x')).toEqual({
        'permessage-deflate': [{ a: ['1', '2'], b: [true] }, {}],
        x: [{}],
      });
    });

    test('returns objects without a prototype', () => {
      const parsed = extension.parse('__proto__; toString=1');
      expect(Object.getPrototypeOf(parsed)).toBeNull();
      expect(Object.keys(parsed)).toEqual(['__proto__']);
    });

    test('throws a SyntaxError with the position', () => {
      expect(thrownBy(() => extension.parse('permessage-deflate; =1'))).toBe(
        'SyntaxError: Unexpected character at index 20',
      );
      for (const header of ['', 'permessage-deflate;', 'a; b="c']) {
        expect(thrownBy(() => extension.parse(header))).toBe('SyntaxError: Unexpected end of input');
      }
    });
  });

  describe('extension.format()', () => {
    test('writes lists, and single values instead of lists', () => {
      const offers = [{ a: ['1', true] as const, b: true, c: 2 }, {}];
      expect(extension.format({ 'permessage-deflate': offers, x: { y: [1] } })).toBe(
        'permessage-deflate; a=1; a; b; c=2, permessage-deflate, x; y=1',
      );
      expect(extension.format({})).toBe('');
    });

    test('writes what parse() has read', () => {
      const header = 'permessage-deflate; client_max_window_bits, permessage-deflate, x; y=1';
      expect(extension.format(extension.parse(header))).toBe(header);
    });
  });

  describe('subprotocol.parse()', () => {
    test('returns the names in order', () => {
      expect([...subprotocol.parse('b, a,c')]).toEqual(['b', 'a', 'c']);
    });

    test('throws a SyntaxError for anything but a list of distinct names', () => {
      expect(thrownBy(() => subprotocol.parse('a, a'))).toBe(
        'SyntaxError: The "a" subprotocol is duplicated',
      );
      expect(thrownBy(() => subprotocol.parse('a,,b'))).toBe('SyntaxError: Unexpected character at index 2');
      expect(thrownBy(() => subprotocol.parse(''))).toBe('SyntaxError: Unexpected end of input');
    });
  });
});
