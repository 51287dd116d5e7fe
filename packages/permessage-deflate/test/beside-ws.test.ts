// Compares the negotiation with that of `ws`: the same answers, except for the differences listed here.
import {
  acceptOffer,
  checkResponse,
  createOffer,
  type Agreement,
  type NegotiationParameter,
} from '@framewire/permessage-deflate';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as ws from 'ws';
import { OPTIONS, SAID, SPACES, optionsFrom, paramsFrom, type Values } from './combinations.ts';
import { list } from './header.ts';

type WsParams = Record<string, string | number | true>;

interface WsPerMessageDeflate {
  offer(): WsParams;
  accept(configurations: Record<string, (string | true)[]>[]): WsParams;
}

const { PerMessageDeflate } = ws as unknown as {
  PerMessageDeflate: new (options: object) => WsPerMessageDeflate;
};

/** A list in the shape of a header parsed by `ws`. */
function grouped(params: readonly NegotiationParameter[]): Record<string, (string | true)[]> {
  const groups = Object.create(null) as Record<string, (string | true)[]>;
  for (const { name, value } of params) (groups[name] ??= []).push(value);
  return groups;
}

function wsAccepts(
  isServer: boolean,
  lists: readonly NegotiationParameter[][],
  options: object,
): WsParams | Error {
  try {
    return new PerMessageDeflate({ ...options, isServer }).accept(lists.map(grouped));
  } catch (error) {
    return error as Error;
  }
}

/** The agreement that the parameters of `ws` stand for. */
function wsAgreement(params: WsParams): Agreement {
  return {
    serverNoContextTakeover: params['server_no_context_takeover'] === true,
    clientNoContextTakeover: params['client_no_context_takeover'] === true,
    serverMaxWindowBits: (params['server_max_window_bits'] ?? 15) as Agreement['serverMaxWindowBits'],
    clientMaxWindowBits: (params['client_max_window_bits'] ?? 15) as Agreement['clientMaxWindowBits'],
  };
}

/** Parameters in one line, sorted. */
function line(params: readonly NegotiationParameter[]): string {
  return params
    .map(({ name, value }) => `${name}=${value}`)
    .sort()
    .join(';');
}

function agreementLine(agreement: Agreement): string {
  return [
    agreement.serverNoContextTakeover,
    agreement.clientNoContextTakeover,
    agreement.serverMaxWindowBits,
    agreement.clientMaxWindowBits,
  ].join();
}

type Options = ReturnType<typeof optionsFrom>;

/** Visits every combination of options and parameters of the other side. */
function everywhere(visit: (options: Options, params: NegotiationParameter[], said: Values) => void): void {
  for (const { options, said } of SPACES) {
    const lists = said.map((values) => [values, paramsFrom(values)] as const);
    for (const option of options.map(optionsFrom)) {
      for (const [values, params] of lists) visit(option, params, values);
    }
  }
}

describe('compared with ws', () => {
  test('a server answers every offer with the same parameters, or declines it with the same message', () => {
    const wrong: unknown[] = [];
    everywhere((options, params) => {
      const theirs = wsAccepts(true, [params], options);
      const ours = acceptOffer([params], options);
      const same =
        theirs instanceof Error || !ours.ok
          ? !ours.ok && String(ours.error) === String(theirs)
          : line(ours.params) ===
            line(Object.entries(theirs).map(([name, value]) => ({ name, value }) as never));
      if (!same) wrong.push({ options, params, theirs, ours });
    });
    expect(wrong).toEqual([]);
  });

  test('a client makes the same offers, but never writes server_max_window_bits without a value', () => {
    // The grammar requires a value (RFC 7692 §7.1.2.1), so every server rejects what `ws` writes for `true`.
    for (const option of OPTIONS) {
      const options = optionsFrom(option);
      const theirs = Object.entries(new PerMessageDeflate(options).offer())
        .filter(([name, value]) => !(name === 'server_max_window_bits' && value === true))
        .map(([name, value]) => ({ name, value: value === true ? value : String(value) }));
      expect(createOffer(options)).toEqual(theirs);
    }
  });

  test('a client that is not strict accepts and rejects the same responses, and does what it offered', () => {
    const wrong: unknown[] = [];
    everywhere((option, params) => {
      const options = { ...option, strict: false };
      const theirs = wsAccepts(false, [params], options);
      const ours = checkResponse(params, options);
      if (theirs instanceof Error || !ours.ok) {
        if (ours.ok || String(ours.error) !== String(theirs)) wrong.push({ options, params, theirs, ours });
        return;
      }
      const agreement = wsAgreement(theirs);
      // "The client is not going to use context takeover" once its offer said so, whatever the response
      // (RFC 7692 §7.1.1.2). `ws` forgets that.
      const expected = {
        ...agreement,
        clientNoContextTakeover:
          agreement.clientNoContextTakeover || options.clientNoContextTakeover === true,
      };
      if (agreementLine(ours.agreement) !== agreementLine(expected))
        wrong.push({ options, params, theirs, ours });
    });
    expect(wrong).toEqual([]);
  });

  test('a strict client also rejects responses that do not grant what it asked of the server', () => {
    // `ws` checks neither, and then inflates what it asked the server not to send (RFC 7692 §7.1.1.1, §7.1.2.1).
    const wrong: unknown[] = [];
    everywhere((options, params, [takeover, , bits]) => {
      const ours = checkResponse(params, options);
      if (ours.ok === checkResponse(params, { ...options, strict: false }).ok) return;
      const broken =
        (options.serverNoContextTakeover === true && takeover !== true) ||
        (typeof options.serverMaxWindowBits === 'number' &&
          (bits === undefined || Number(bits) > options.serverMaxWindowBits));
      if (!broken || ours.ok) wrong.push({ options, params });
    });
    expect(wrong).toEqual([]);
  });

  const almostParams = fc.array(
    fc.record({
      name: fc.constantFrom(
        'server_no_context_takeover',
        'client_no_context_takeover',
        'server_max_window_bits',
        'client_max_window_bits',
        '__proto__',
        'x',
      ),
      value: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true as const) },
        { weight: 3, arbitrary: fc.integer({ min: 7, max: 16 }).map(String) },
        fc.constantFrom('x', '8.5', '__proto__', '1e', '-9'),
      ),
    }),
    { maxLength: 4 },
  );

  test('malformed parameters are rejected with the same messages, for either role', () => {
    fc.assert(
      fc.property(almostParams, fc.boolean(), (params, isServer) => {
        const theirs = wsAccepts(isServer, [params], {});
        const ours = isServer ? acceptOffer([params]) : checkResponse(params);
        expect(ours.ok ? 'taken' : String(ours.error)).toBe(
          theirs instanceof Error ? String(theirs) : 'taken',
        );
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['+9', '09', '9.0', '0x9', '0b1001', '9e0', ' 9'])(
    'but numbers are decimal without leading zeroes (RFC 7692 §7.1.2.1): only ws accepts %j',
    (value) => {
      const params = [{ name: 'server_max_window_bits', value }];
      expect(wsAccepts(true, [params], {})).toEqual({ server_max_window_bits: 9 });
      expect(acceptOffer([params]).ok).toBe(false);
      expect(checkResponse(params).ok).toBe(false);
    },
  );

  test('but only the malformed offer is declined, not the others (RFC 7692 §7.1)', () => {
    const offers = ['unheard_of', 'client_max_window_bits'].map(list);
    expect(wsAccepts(true, offers, {})).toEqual(new Error('Unknown parameter "unheard_of"'));
    expect(acceptOffer(offers)).toMatchObject({ ok: true, index: 1 });
  });

  test('of several offers, the same one is accepted, or all are declined with the same message', () => {
    const offers = fc.array(fc.constantFrom(...SAID.map(paramsFrom)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(offers, fc.constantFrom(...OPTIONS.map(optionsFrom)), (lists, options) => {
        const theirs = wsAccepts(true, lists, options);
        const ours = acceptOffer(lists, options);
        if (ours.ok) expect(ours.agreement).toEqual(wsAgreement(theirs as WsParams));
        else expect(String(ours.error)).toBe(String(theirs));
      }),
      { numRuns: 5000 },
    );
  });

  test('but a window of 0, which ws writes into the header, is rejected', () => {
    expect(wsAccepts(true, [[]], { serverMaxWindowBits: 0 })).toEqual({ server_max_window_bits: 0 });
    expect(() => acceptOffer([[]], { serverMaxWindowBits: 0 })).toThrow(RangeError);
  });
});
