// Sec-WebSocket-Extensions as a list, and back.
import {
  extensionsNamed,
  formatExtensions,
  parseExtensions,
  type ExtensionElement,
  type ExtensionParameter,
} from '@framewire/handshake';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import { oneOf } from './arbitraries.ts';
import { characterReads } from './steps.ts';

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz";

const token = fc.string({ unit: oneOf(TOKEN_CHARACTERS), minLength: 1, maxLength: 8 });
const hazard = fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty', '1', '0');
const name = fc.oneof(token, hazard);
const parameter: fc.Arbitrary<ExtensionParameter> = fc.record({
  name,
  value: fc.oneof(fc.constant(true as const), token),
});
const extension: fc.Arbitrary<ExtensionElement> = fc.record({
  name,
  params: fc.array(parameter, { maxLength: 4 }),
});
const nearlyHeader = fc.string({ unit: oneOf('ab1,;="\\ \téĀ'), maxLength: 24 });

describe('a Sec-WebSocket-Extensions header', () => {
  test.each<[string, ExtensionElement[]]>([
    ['a', [{ name: 'a', params: [] }]],
    [
      'a, b',
      [
        { name: 'a', params: [] },
        { name: 'b', params: [] },
      ],
    ],
    ['a,b\t ,\tc', ['a', 'b', 'c'].map((n) => ({ name: n, params: [] }))],
    [
      'a; x; y=1',
      [
        {
          name: 'a',
          params: [
            { name: 'x', value: true },
            { name: 'y', value: '1' },
          ],
        },
      ],
    ],
    [
      'a ; x ;y=1 , b',
      [
        {
          name: 'a',
          params: [
            { name: 'x', value: true },
            { name: 'y', value: '1' },
          ],
        },
        { name: 'b', params: [] },
      ],
    ],
    ['a; x="1"', [{ name: 'a', params: [{ name: 'x', value: '1' }] }]],
    [
      'a; x="1\\2\\3"; y',
      [
        {
          name: 'a',
          params: [
            { name: 'x', value: '123' },
            { name: 'y', value: true },
          ],
        },
      ],
    ],
    [
      'a; x=1; x=2',
      [
        {
          name: 'a',
          params: [
            { name: 'x', value: '1' },
            { name: 'x', value: '2' },
          ],
        },
      ],
    ],
    [
      'a; x, a',
      [
        { name: 'a', params: [{ name: 'x', value: true }] },
        { name: 'a', params: [] },
      ],
    ],
  ])('is parsed as a list in order: %j', (header, expected) => {
    expect(parseExtensions(header)).toEqual(expected);
  });

  test.each([
    ['', 'Unexpected end of input'],
    [' ', 'Unexpected character at index 0'],
    [' a', 'Unexpected character at index 0'],
    ['a ', 'Unexpected end of input'],
    ['a,', 'Unexpected end of input'],
    ['a;', 'Unexpected end of input'],
    ['a; x=', 'Unexpected end of input'],
    ['a; x="', 'Unexpected end of input'],
    ['a; x="1', 'Unexpected end of input'],
    ['a; x="1\\', 'Unexpected end of input'],
    ['a,,b', 'Unexpected character at index 2'],
    ['a;;x', 'Unexpected character at index 2'],
    ['a b', 'Unexpected character at index 2'],
    ['a=1', 'Unexpected character at index 1'],
    ['a; x =1', 'Unexpected character at index 5'],
    ['a; x= 1', 'Unexpected character at index 5'],
    ['a; x=""', 'Unexpected character at index 6'],
    ['a; x="1 2"', 'Unexpected character at index 7'],
    ['a; x="\\ "', 'Unexpected character at index 7'],
    ['a; x="1"2', 'Unexpected character at index 8'],
    ['a; x=1"', 'Unexpected character at index 6'],
    ['é', 'Unexpected character at index 0'],
    ['aĀ', 'Unexpected character at index 1'],
    ['a\0', 'Unexpected character at index 1'],
  ])('is rejected at its first invalid character: %j', (header, message) => {
    const code = message.includes('end') ? 'WS_ERR_UNEXPECTED_END' : 'WS_ERR_UNEXPECTED_CHARACTER';
    expect(() => parseExtensions(header)).toThrow(
      expect.objectContaining({ name: 'SyntaxError', message, code }),
    );
  });

  test.each(['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty'])(
    'may name an extension, a parameter or a value %s without side effects',
    (hazardous) => {
      const header = `${hazardous}; ${hazardous}; ${hazardous}=${hazardous}`;
      const expected = [
        {
          name: hazardous,
          params: [
            { name: hazardous, value: true },
            { name: hazardous, value: hazardous },
          ],
        },
      ];
      expect(parseExtensions(header)).toEqual(expected);
      expect(extensionsNamed(parseExtensions(header), 'permessage-deflate')).toEqual([]);
      expect({}).not.toHaveProperty('value');
    },
  );

  test('is the same after it is written and read, with any names', () => {
    fc.assert(
      fc.property(fc.array(extension, { minLength: 1, maxLength: 4 }), (extensions) => {
        expect(parseExtensions(formatExtensions(extensions))).toEqual(extensions);
      }),
    );
  });

  test('is accepted and rejected as in ws, with the same message', () => {
    fc.assert(
      fc.property(nearlyHeader, (header) => {
        const outcome = (read: (header: string) => unknown): unknown => {
          try {
            return read(header);
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome((text) => byName(parseExtensions(text)))).toEqual(outcome(wsParse));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['"\\', 'a; b="', ''],
    [' ', 'a', 'b'],
    ['\t', 'a; b', '=c'],
    ['a,', '', 'a'],
    ['a;', '', 'a'],
    ['\\a', 'a; b="', '"'],
    ['a', 'a; b="', ''],
    [', ', 'a', ''],
  ])('takes a bounded number of steps per character: many %j', (filling, before, after) => {
    const reads = (length: number): number =>
      characterReads(() => {
        const header = before + filling.repeat(length / filling.length) + after;
        try {
          parseExtensions(header);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      });
    for (const length of [1024, 8192, 65_536]) expect(reads(length)).toBeLessThanOrEqual(5 * length + 100);
  });
});

describe('writing extensions', () => {
  test('returns an empty string for none', () => {
    expect(formatExtensions([])).toBe('');
  });

  test('needs no quotes, because values are tokens', () => {
    const params = [
      { name: 'x', value: '1' },
      { name: 'y', value: true as const },
    ];
    expect(
      formatExtensions([
        { name: 'a', params },
        { name: 'b', params: [] },
      ]),
    ).toBe('a; x=1; y, b');
  });

  test.each<[string, ExtensionElement]>([
    ['a name', { name: 'a\r\nX: y', params: [] }],
    ['no name', { name: '', params: [] }],
    ['the name of a parameter', { name: 'a', params: [{ name: 'b c', value: true }] }],
    ['the name of a parameter with a value', { name: 'a', params: [{ name: 'b\n', value: '1' }] }],
    ['a value', { name: 'a', params: [{ name: 'b', value: '1,2' }] }],
    ['an empty value', { name: 'a', params: [{ name: 'b', value: '' }] }],
  ])('rejects %s that is not a token', (_, illegal) => {
    expect(() => formatExtensions([illegal])).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'WS_ERR_ILLEGAL_EXTENSION' }),
    );
  });
});

test('the offers of one extension are returned in header order, without those of others', () => {
  const offers = parseExtensions('a; x, b; y, a; z=1, A; w');
  expect(extensionsNamed(offers, 'a')).toEqual([[{ name: 'x', value: true }], [{ name: 'z', value: '1' }]]);
});

const wsParse = (ws as unknown as { extension: { parse(header: string): object } }).extension.parse;

/** The form of `ws`: for each extension name a list of offers, and for each parameter name of an offer a list of values. */
function byName(extensions: readonly ExtensionElement[]): object {
  const group = <T>(
    items: readonly T[],
    nameOf: (item: T) => string,
    valueOf: (item: T) => unknown,
  ): object => {
    const groups = Object.create(null) as Record<string, unknown[]>;
    for (const item of items) (groups[nameOf(item)] ??= []).push(valueOf(item));
    return groups;
  };
  return group(
    extensions,
    (item) => item.name,
    ({ params }) =>
      group(
        params,
        (item) => item.name,
        (item) => item.value,
      ),
  );
}
