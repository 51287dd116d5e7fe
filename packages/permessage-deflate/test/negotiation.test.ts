import {
  acceptOffer,
  checkResponse,
  createOffer,
  MAX_OFFERS,
  optionsOf,
  parseParameters,
  roleView,
  type Agreement,
  type NegotiationParameter,
} from '@framewire/permessage-deflate';
import { describe, expect, test } from 'vitest';
import {
  NAMES,
  OPTIONS,
  SAID,
  SPACES,
  optionsFrom,
  paramsFrom,
  valuesOf,
  type Values,
} from './combinations.ts';
import { list, text } from './header.ts';
import { lookUp, tableOf, type Row, type Said } from './tables.ts';

/** An agreement in one line, for fast comparison of very many. */
function line(agreement: Agreement): string {
  return [
    agreement.serverNoContextTakeover,
    agreement.clientNoContextTakeover,
    agreement.serverMaxWindowBits,
    agreement.clientMaxWindowBits,
  ].join();
}

/** Looks up the table only once for each value of each parameter. */
function answersTo(answer: (parameter: number, said: Said) => Said): (values: Values) => Said[] {
  const known = NAMES.map(() => new Map<Said, Said>());
  return (values) =>
    values.map((said, i) => {
      if (!known[i]!.has(said)) known[i]!.set(said, answer(i, said));
      return known[i]!.get(said);
    });
}

/** Visits every combination of options and parameters of the other side. */
function everywhere(
  visit: (option: Values, others: ReadonlyMap<Values, NegotiationParameter[]>) => void,
): void {
  for (const { options, said } of SPACES) {
    const others = new Map(said.map((values) => [values, paramsFrom(values)]));
    for (const option of options) visit(option, others);
  }
}

function rowsByName(table: readonly Row[]): Row[][] {
  return NAMES.map((name) => table.filter(({ parameter }) => parameter === name));
}

describe('a server', () => {
  const table = tableOf('response');
  const rows = rowsByName(table);

  /** What the table says for one parameter. */
  function response(cell: string, option: Said, offer: Said): Said {
    return { present: true, absent: undefined, M: option, N: offer, DECLINED: 'DECLINED' }[cell];
  }

  test('answers every offer under all options as the table says, and uses each row of it', () => {
    const wrong: unknown[] = [];
    everywhere((option, others) => {
      const options = optionsFrom(option);
      const byTable = answersTo((i, said) => response(lookUp(rows[i]!, option[i], [said]), option[i], said));
      for (const [offer, params] of others) {
        const answers = byTable(offer);
        const expected = answers.includes('DECLINED') ? 'DECLINED' : answers.join();
        const answer = acceptOffer([params], options);
        const actual = answer.ok ? valuesOf(answer.params).join() : 'DECLINED';
        if (actual !== expected) wrong.push({ option, offer, expected, actual });
      }
    });
    expect(wrong).toEqual([]);
    expect(table.filter(({ uses }) => uses === 0)).toEqual([]);
    expect(table).toHaveLength(22);
  });

  test('agrees to what it answers: an absent takeover parameter allows takeover, an absent window is 15', () => {
    for (const offer of SAID) {
      const answer = acceptOffer([paramsFrom(offer)]);
      if (!answer.ok) throw answer.error;
      const [server, client, serverBits, clientBits] = valuesOf(answer.params);
      expect(answer.agreement).toEqual({
        serverNoContextTakeover: server === true,
        clientNoContextTakeover: client === true,
        serverMaxWindowBits: serverBits ?? 15,
        clientMaxWindowBits: clientBits ?? 15,
      });
    }
  });

  test('accepts the first acceptable of several offers', () => {
    const offers = [
      'server_max_window_bits=9',
      'server_max_window_bits=10',
      'client_no_context_takeover',
    ].map(list);
    expect(acceptOffer(offers)).toMatchObject({ ok: true, index: 0, params: offers[0] });
    expect(acceptOffer(offers, { serverMaxWindowBits: 10 })).toMatchObject({
      ok: true,
      index: 1,
      params: offers[1],
      agreement: { serverMaxWindowBits: 10, clientNoContextTakeover: false },
    });
    expect(acceptOffer(offers, { serverMaxWindowBits: false })).toMatchObject({
      ok: true,
      index: 2,
      params: offers[2],
      agreement: { serverMaxWindowBits: 15, clientNoContextTakeover: true },
    });
  });

  test('declines a malformed offer and accepts the next one (RFC 7692 §7.1)', () => {
    const offers = ['server_max_window_bits=7', 'unheard_of', 'client_max_window_bits'].map(list);
    expect(acceptOffer(offers)).toMatchObject({ ok: true, index: 2 });
  });

  test('reports the first malformed offer if it can accept none', () => {
    const offers = ['server_no_context_takeover', 'unheard_of', 'server_max_window_bits=7'].map(list);
    expect(acceptOffer(offers, { serverNoContextTakeover: false })).toMatchObject({
      ok: false,
      error: { message: 'Unknown parameter "unheard_of"', code: 'WS_ERR_UNKNOWN_EXTENSION_PARAMETER' },
    });
  });

  test.each([
    [[]],
    [['server_no_context_takeover']],
    [['server_no_context_takeover', 'server_no_context_takeover']],
  ])('returns an error if it can accept none of %j', (offers) => {
    expect(acceptOffer(offers.map(list), { serverNoContextTakeover: false })).toMatchObject({
      ok: false,
      error: {
        name: 'Error',
        message: 'None of the extension offers can be accepted',
        code: 'WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER',
      },
    });
  });

  test('changes neither the offers nor the options', () => {
    const offer = Object.freeze(list('client_max_window_bits=12').map((param) => Object.freeze(param)));
    const options = Object.freeze({ clientMaxWindowBits: 10 });
    expect(acceptOffer([offer], options)).toMatchObject({ params: list('client_max_window_bits=10') });
  });
});

describe('a client', () => {
  const table = tableOf('agreement');
  const rows = rowsByName(table);

  test.each([
    [{}, 'client_max_window_bits'],
    [{ clientMaxWindowBits: true, serverMaxWindowBits: true }, 'client_max_window_bits'],
    [{ clientMaxWindowBits: false, serverMaxWindowBits: false }, ''],
    [{ serverNoContextTakeover: false, clientNoContextTakeover: false }, 'client_max_window_bits'],
    [
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 8,
        clientMaxWindowBits: 15,
      },
      'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8; client_max_window_bits=15',
    ],
  ])('with the options %j offers "%s"', (options, expected) => {
    expect(text(createOffer(options))).toBe(expected);
  });

  test('offers client_max_window_bits by default', () => {
    expect(createOffer()).toEqual([{ name: 'client_max_window_bits', value: true }]);
  });

  /** The agreement that the table gives for one parameter, strict or not. */
  function agreed(cell: string, option: Said, answer: Said, strict: boolean): string {
    const what = strict ? cell.split(/[;,]/, 1)[0]! : cell.split(': ').at(-1)!;
    if (what.startsWith('REFUSED')) return 'REFUSED';
    return String({ yes: true, no: false, N: answer, M: option, 15: 15 }[what]);
  }

  test.each([true, false])(
    'accepts or rejects every response to all its offers as the table says, and uses each row of it; strict: %s',
    (strict) => {
      const wrong: unknown[] = [];
      everywhere((option, others) => {
        const options = { ...optionsFrom(option), strict };
        const offer = valuesOf(createOffer(options));
        const byTable = answersTo((i, said) =>
          agreed(lookUp(rows[i]!, option[i], [offer[i], said]), option[i], said, strict),
        );
        for (const [response, params] of others) {
          const parts = byTable(response);
          const expected = parts.includes('REFUSED') ? 'REFUSED' : parts.join();
          const check = checkResponse(params, options);
          const actual = check.ok ? line(check.agreement) : 'REFUSED';
          if (actual !== expected) wrong.push({ option, response, expected, actual });
        }
      });
      expect(wrong).toEqual([]);
      expect(table.filter(({ uses }) => uses === 0)).toEqual([]);
      expect(table).toHaveLength(22);
    },
  );

  test.each([
    [
      'client_no_context_takeover',
      { clientNoContextTakeover: false },
      'Unexpected parameter "{}"',
      'UNEXPECTED',
    ],
    [
      'client_max_window_bits=9',
      { clientMaxWindowBits: false },
      'Unexpected or invalid parameter "{}"',
      'UNEXPECTED',
    ],
    [
      'client_max_window_bits=9',
      { clientMaxWindowBits: 8 },
      'Unexpected or invalid parameter "{}"',
      'UNEXPECTED',
    ],
    [
      'server_max_window_bits=9',
      { serverMaxWindowBits: 8 },
      'Unexpected or invalid parameter "{}"',
      'UNEXPECTED',
    ],
    ['', { serverMaxWindowBits: 15 }, 'Missing parameter "server_max_window_bits"', 'MISSING'],
    ['', { serverNoContextTakeover: true }, 'Missing parameter "server_no_context_takeover"', 'MISSING'],
    ['client_max_window_bits', {}, 'Invalid value for parameter "{}": true', 'INVALID'],
    ['unheard_of=1', {}, 'Unknown parameter "{}"', 'UNKNOWN'],
    [
      'client_max_window_bits=9; client_max_window_bits=9',
      {},
      'Parameter "{}" must have only a single value',
      'REPEATED',
    ],
  ])('rejects "%s" with the options %j: %s', (response, options, message, code) => {
    const name = response.split(/[;=]/, 1)[0]!;
    expect(checkResponse(list(response), options)).toMatchObject({
      ok: false,
      error: { message: message.replace('{}', name), code: `WS_ERR_${code}_EXTENSION_PARAMETER` },
    });
  });

  test('accepts a response without parameters if it asked for nothing', () => {
    expect(checkResponse([])).toEqual({
      ok: true,
      agreement: {
        serverNoContextTakeover: false,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
      },
    });
  });
});

describe('both sides', () => {
  test('agree on what each can inflate and the other may deflate, with any options', () => {
    const refusals = new Set<string>();
    const wrong: unknown[] = [];
    // Two windows are enough for smaller, equal and larger.
    const few = OPTIONS.filter((option) => !option.includes(9) && !option.includes(15));
    for (const own of few) {
      const clientOptions = optionsFrom(own);
      const offer = createOffer(clientOptions);
      for (const other of few) {
        const answer = acceptOffer([offer], optionsFrom(other));
        if (!answer.ok) continue;
        const check = checkResponse(answer.params, clientOptions);
        if (!check.ok) {
          refusals.add(check.error.message);
          continue;
        }
        const client = roleView(check.agreement, 'client');
        const server = roleView(answer.agreement, 'server');
        const pairs = [
          [client.deflate, server.inflate],
          [server.deflate, client.inflate],
        ] as const;
        const fit = pairs.every(
          ([deflate, inflate]) =>
            deflate.windowBits <= inflate.windowBits && (inflate.takeover || !deflate.takeover),
        );
        if (!fit) wrong.push({ own, other });
      }
    }
    expect(wrong).toEqual([]);
    // An offer does not show this option to the server.
    expect([...refusals]).toEqual(['Unexpected parameter "client_no_context_takeover"']);
  });

  test('are seen from either end: one deflates what the other inflates', () => {
    const agreement: Agreement = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 12,
    };
    const server = { windowBits: 9, takeover: false };
    const client = { windowBits: 12, takeover: true };
    expect(roleView(agreement, 'server')).toEqual({ deflate: server, inflate: client });
    expect(roleView(agreement, 'client')).toEqual({ deflate: client, inflate: server });
  });
});

describe('a proxy between the two', () => {
  test('checks a response from the offer alone, like the client that made it', () => {
    for (const option of OPTIONS) {
      // `clientNoContextTakeover: false` is not in the offer.
      if (option[1] === false) continue;
      const options = optionsFrom(option);
      const offer = parseParameters(createOffer(options));
      if (!offer.ok) throw offer.error;
      expect(createOffer(optionsOf(offer.parameters))).toEqual(createOffer(options));
      for (const response of [[], list('client_max_window_bits=9'), list('server_max_window_bits=12')]) {
        const seen = checkResponse(response, optionsOf(offer.parameters));
        expect(seen).toEqual(checkResponse(response, options));
      }
    }
  });
});

describe('options', () => {
  test.each([0, 7, 16, 8.5, NaN, Infinity, -9, 'x', '', '7', '16', '09', ' 9', '9.0'])(
    'reject %j as a window',
    (illegal) => {
      for (const name of ['serverMaxWindowBits', 'clientMaxWindowBits']) {
        const options = { [name]: illegal as number };
        const error = expect.objectContaining({
          name: 'RangeError',
          message: `The option "${name}" must be an integer from 8 to 15 or a boolean, not ${illegal}`,
          code: 'WS_ERR_ILLEGAL_WINDOW_BITS',
        });
        expect(() => acceptOffer([[]], options)).toThrow(error);
        expect(() => createOffer(options)).toThrow(error);
        expect(() => checkResponse([], options)).toThrow(error);
      }
    },
  );

  test('accept a window in decimal digits', () => {
    for (const bits of [8, 9, 10, 15]) {
      const [inDigits, asNumber] = [String(bits) as unknown as number, bits].map((value) => ({
        serverMaxWindowBits: value,
        clientMaxWindowBits: value,
      }));
      const offer = list('client_max_window_bits');
      expect(acceptOffer([offer], inDigits)).toEqual(acceptOffer([offer], asNumber));
      expect(createOffer(inDigits)).toEqual(createOffer(asNumber));
      const response = list(`server_max_window_bits=${bits}`);
      expect(checkResponse(response, inDigits)).toEqual(checkResponse(response, asNumber));
    }
  });

  test('treat null as undefined, because JavaScript programs pass it', () => {
    const options = { serverMaxWindowBits: null, clientMaxWindowBits: null } as never;
    expect(createOffer(options)).toEqual(createOffer());
    expect(acceptOffer([createOffer()], options)).toEqual(acceptOffer([createOffer()]));
  });
});

describe('a header with very many offers', () => {
  const good: NegotiationParameter[] = [];
  const bad: NegotiationParameter[] = [{ name: 'x', value: true }];

  test('is read only up to a limit, and the rest is declined without being read', () => {
    const before = Array.from({ length: MAX_OFFERS - 1 }, () => bad);
    expect(acceptOffer([...before, good])).toMatchObject({ ok: true, index: MAX_OFFERS - 1 });
    const unseen = new Proxy(good, {
      get: () => {
        throw new Error('The offer was read');
      },
    });
    expect(acceptOffer([...before, bad, unseen])).toMatchObject({
      ok: false,
      code: 'WS_ERR_UNKNOWN_EXTENSION_PARAMETER',
    });
  });
});

test('the error of a refusal is the same object each time it is read, and has its code', () => {
  const answer = acceptOffer([[{ name: 'x', value: true }]]);
  if (answer.ok) throw new Error('It was accepted');
  expect(answer.error).toBe(answer.error);
  expect(answer.error.code).toBe(answer.code);
});
