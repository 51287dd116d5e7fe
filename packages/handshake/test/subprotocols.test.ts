// Sec-WebSocket-Protocol: requesting and choosing.
import { chooseSubprotocol, formatSubprotocols, parseSubprotocols } from '@framewire/handshake';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import { oneOf } from './arbitraries.ts';
import { characterReads } from './steps.ts';

const wsParse = (ws as unknown as { subprotocol: { parse(header: string): Set<string> } }).subprotocol.parse;

describe('a Sec-WebSocket-Protocol header', () => {
  test.each([
    ['chat', ['chat']],
    ['chat,superchat', ['chat', 'superchat']],
    ['b , a\t,c', ['b', 'a', 'c']],
    ['__proto__, constructor', ['__proto__', 'constructor']],
    ['1, 0', ['1', '0']],
  ])("is parsed in the client's order: %j", (header, names) => {
    expect([...parseSubprotocols(header)]).toEqual(names);
  });

  test.each([
    ['', 'WS_ERR_UNEXPECTED_END', 'Unexpected end of input'],
    ['a,', 'WS_ERR_UNEXPECTED_END', 'Unexpected end of input'],
    ['a ', 'WS_ERR_UNEXPECTED_END', 'Unexpected end of input'],
    [',a', 'WS_ERR_UNEXPECTED_CHARACTER', 'Unexpected character at index 0'],
    ['a b', 'WS_ERR_UNEXPECTED_CHARACTER', 'Unexpected character at index 2'],
    ['a;b', 'WS_ERR_UNEXPECTED_CHARACTER', 'Unexpected character at index 1'],
    ['a, b, a', 'WS_ERR_REPEATED_SUBPROTOCOL', 'The "a" subprotocol is duplicated'],
    ['$&, $&', 'WS_ERR_REPEATED_SUBPROTOCOL', 'The "$&" subprotocol is duplicated'],
  ])('is rejected unless it is a list of different tokens: %j', (header, code, message) => {
    expect(() => parseSubprotocols(header)).toThrow(
      expect.objectContaining({ name: 'SyntaxError', code, message }),
    );
  });

  test('is accepted and rejected as in ws', () => {
    const accepts = (read: (header: string) => Set<string>, header: string): string[] | undefined => {
      try {
        return [...read(header)];
      } catch {
        return undefined;
      }
    };
    const nearlyHeader = fc.string({ unit: oneOf('abc,;" \téĀ'), maxLength: 12 });
    fc.assert(
      fc.property(nearlyHeader, (header) => {
        expect(accepts(parseSubprotocols, header)).toEqual(accepts(wsParse, header));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([',', 'a', ' ', 'a,', 'a , '])(
    'takes a bounded number of steps per character: many %j',
    (filling) => {
      for (const length of [1024, 8192, 65_536]) {
        const reads = characterReads(() => {
          try {
            parseSubprotocols(`x${filling.repeat(length / filling.length)}`);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        });
        expect(reads).toBeLessThanOrEqual(4 * length + 100);
      }
    },
  );

  test('is the same after it is written and read', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[!#a-zA-Z0-9_.-]{1,8}$/), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(names, (list) => {
        expect([...parseSubprotocols(formatSubprotocols(list))]).toEqual(list);
      }),
    );
  });
});

describe('requesting subprotocols', () => {
  test('returns an empty string for none', () => {
    expect(formatSubprotocols([])).toBe('');
  });

  test.each([[['a', 'a']], [['']], [['a b']], [['a\r\nX: y']], [['é']], [[5 as unknown as string]]])(
    'rejects anything except a list of different tokens: %j',
    (names) => {
      expect(() => formatSubprotocols(names)).toThrow(
        expect.objectContaining({
          name: 'SyntaxError',
          code: 'WS_ERR_ILLEGAL_SUBPROTOCOL',
          message: 'An invalid or duplicated subprotocol was specified',
        }),
      );
    },
  );
});

describe('choosing a subprotocol', () => {
  test("takes the client's first one that the server supports", () => {
    expect(chooseSubprotocol(parseSubprotocols('a, b, c'), ['c', 'b'])).toBe('b');
  });

  test('takes none unless a name is equal, including its case', () => {
    expect(chooseSubprotocol(['a'], ['A', 'b'])).toBeUndefined();
  });
});
