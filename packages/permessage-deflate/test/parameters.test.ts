import {
  formatParameters,
  parseParameters,
  type NegotiationParameter,
  type Parameters,
} from '@framewire/permessage-deflate';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { list } from './header.ts';

const NOTHING: Parameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined,
};

describe('the parameters', () => {
  test.each<[string, Partial<Parameters>]>([
    ['', {}],
    ['server_no_context_takeover', { serverNoContextTakeover: true }],
    ['client_no_context_takeover', { clientNoContextTakeover: true }],
    ['server_max_window_bits=8', { serverMaxWindowBits: 8 }],
    ['server_max_window_bits=15', { serverMaxWindowBits: 15 }],
    ['client_max_window_bits=9', { clientMaxWindowBits: 9 }],
    ['client_max_window_bits=10', { clientMaxWindowBits: 10 }],
    [
      'client_max_window_bits=14; server_max_window_bits=11; client_no_context_takeover; server_no_context_takeover',
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 11,
        clientMaxWindowBits: 14,
      },
    ],
  ])('of an offer or a response are parsed in any order: %j', (header, expected) => {
    const result = { ok: true, parameters: { ...NOTHING, ...expected } };
    expect(parseParameters(list(header))).toEqual(result);
    expect(parseParameters(list(header), 'response')).toEqual(result);
  });

  test('client_max_window_bits needs a value in a response, but not in an offer (RFC 7692 §7.1.2.2)', () => {
    const params = list('client_max_window_bits');
    expect(parseParameters(params, 'offer')).toEqual({
      ok: true,
      parameters: { ...NOTHING, clientMaxWindowBits: true },
    });
    expect(parseParameters(params, 'response')).toMatchObject({
      ok: false,
      error: {
        name: 'TypeError',
        message: 'Invalid value for parameter "client_max_window_bits": true',
        code: 'WS_ERR_INVALID_EXTENSION_PARAMETER',
      },
    });
  });

  test.each([
    'server_no_context_takeover',
    'client_no_context_takeover',
    'server_max_window_bits',
    'client_max_window_bits',
  ])('%s is rejected with an invalid value', (name) => {
    const values = [
      '',
      '7',
      '16',
      '08',
      '010',
      '+9',
      '-9',
      '9.0',
      '1e1',
      '0x9',
      ' 9',
      '9 ',
      '9\n',
      '٩',
      'true',
    ];
    for (const value of [...values, '99', '101', '115', 'NaN', '__proto__', '{name}', '$&']) {
      expect(parseParameters([{ name, value }])).toMatchObject({
        ok: false,
        error: {
          name: 'TypeError',
          message: `Invalid value for parameter "${name}": ${value}`,
          code: 'WS_ERR_INVALID_EXTENSION_PARAMETER',
        },
      });
    }
  });

  test.each(['server_no_context_takeover=8', 'client_no_context_takeover=15', 'server_max_window_bits'])(
    '%s is rejected: a takeover parameter has no value, and the window of the server must have one',
    (header) => {
      expect(parseParameters(list(header)).ok).toBe(false);
    },
  );

  test.each([
    'server_no_context_takeover; server_no_context_takeover',
    'client_no_context_takeover; server_no_context_takeover; client_no_context_takeover',
    'server_max_window_bits=10; server_max_window_bits=10',
    'client_max_window_bits; client_max_window_bits=10',
    'other; other',
  ])('are rejected when one is repeated: %s', (header) => {
    const name = header.split(/[;=]/, 1)[0];
    expect(parseParameters(list(header))).toMatchObject({
      ok: false,
      error: {
        name: 'Error',
        message: `Parameter "${name}" must have only a single value`,
        code: 'WS_ERR_REPEATED_EXTENSION_PARAMETER',
      },
    });
  });

  test.each([
    'foo',
    'Server_No_Context_Takeover',
    'serverNoContextTakeover',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'toString',
    '{value}',
    '$&',
  ])('are rejected when one is unknown: %s', (name) => {
    for (const value of [true, '10', '__proto__'] as const) {
      expect(
        parseParameters([
          { name: 'server_no_context_takeover', value: true },
          { name, value },
        ]),
      ).toMatchObject({
        ok: false,
        error: {
          name: 'Error',
          message: `Unknown parameter "${name}"`,
          code: 'WS_ERR_UNKNOWN_EXTENSION_PARAMETER',
        },
      });
    }
    expect(Object.prototype).not.toHaveProperty('serverNoContextTakeover');
  });

  test('are read in linear time', () => {
    let looks = 0;
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      get name() {
        looks += 1;
        return index < 4 ? Object.keys(KNOWN)[index]! : `x${index}`;
      },
      value: index < 2 ? (true as const) : '10',
    }));
    expect(parseParameters(many).ok).toBe(false);
    expect(looks).toBeLessThan(7 * many.length);
  });
});

const KNOWN = {
  server_no_context_takeover: true,
  client_no_context_takeover: true,
  server_max_window_bits: '10',
  client_max_window_bits: true,
};

const windowBits = fc.constantFrom(8, 9, 10, 11, 12, 13, 14, 15, undefined);

const parameters = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: windowBits,
  clientMaxWindowBits: fc.oneof(windowBits, fc.constant(true)),
}) as fc.Arbitrary<Parameters>;

/** Lists that are almost valid: known and hazardous names, and values that are almost numbers. */
const anyList: fc.Arbitrary<NegotiationParameter[]> = fc.array(
  fc.record({
    name: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...Object.keys(KNOWN)) },
      { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'x') },
      { weight: 1, arbitrary: fc.string() },
    ),
    value: fc.oneof(
      fc.constant(true as const),
      fc.integer({ min: 6, max: 17 }).map(String),
      fc.string({ maxLength: 3 }),
    ),
  }),
  { maxLength: 5 },
);

describe('any parameters', () => {
  test('are the same after they are written and read', () => {
    fc.assert(
      fc.property(parameters, (original) => {
        expect(parseParameters(formatParameters(original))).toEqual({ ok: true, parameters: original });
      }),
    );
  });

  test('are written in the order of the RFC, without absent ones', () => {
    expect(formatParameters({})).toEqual([]);
    expect(
      formatParameters({
        clientMaxWindowBits: true,
        serverMaxWindowBits: 8,
        clientNoContextTakeover: true,
        serverNoContextTakeover: true,
      }),
    ).toEqual(
      list(
        'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8; client_max_window_bits',
      ),
    );
  });

  test('are accepted or rejected, and accepted ones are written back unchanged except for their order', () => {
    const sorted = (params: readonly NegotiationParameter[]): NegotiationParameter[] =>
      [...params].sort((a, b) => (a.name < b.name ? -1 : 1));
    fc.assert(
      fc.property(anyList, fc.constantFrom('offer', 'response'), (params, kind) => {
        const result = parseParameters(params, kind);
        if (result.ok) expect(sorted(formatParameters(result.parameters))).toEqual(sorted(params));
        else expect(result.error.code).toMatch(/^WS_ERR_\w+_EXTENSION_PARAMETER$/);
      }),
      { numRuns: 2000 },
    );
  });
});
