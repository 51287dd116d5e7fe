import { describe, expect, test } from 'vitest';
import { answerOffers, offerOf, readAnswer } from '../src/negotiation.ts';

const DEFAULT = { windowBits: 15, noContextTakeover: false };

describe('the answer of a server', () => {
  test('is null if the header is missing', () => {
    expect(readAnswer(undefined)).toBeNull();
  });

  test('has parameters for each direction', () => {
    expect(readAnswer('permessage-deflate; server_no_context_takeover; client_max_window_bits="9"')).toEqual({
      client: { windowBits: 9, noContextTakeover: false },
      server: { windowBits: 15, noContextTakeover: true },
    });
  });

  test.each([
    'x-other',
    'permessage-deflate, permessage-deflate',
    'permessage-deflate; unknown',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
  ])('is refused: %s', (header) => {
    expect(() => readAnswer(header)).toThrow();
  });
});

describe('the offers of a client', () => {
  test('are not accepted if no compression is wanted, but they are checked', () => {
    expect(answerOffers('permessage-deflate', null)).toBeNull();
    expect(() => answerOffers('permessage-deflate; unknown', null)).toThrow();
    expect(() => answerOffers('permessage-deflate; server_max_window_bits', null)).toThrow();
  });

  test('of other extensions are ignored', () => {
    expect(answerOffers('x-other; a=1, permessage-deflate', 1)).toMatchObject({
      answer: 'permessage-deflate',
    });
  });

  test('are accepted with the parameters that they request for the server, and those that the case adds', () => {
    const offer =
      'permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits';
    expect(answerOffers(offer, 5)).toEqual({
      answer:
        'permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_no_context_takeover; client_max_window_bits=9',
      agreement: {
        client: { windowBits: 9, noContextTakeover: true },
        server: { windowBits: 10, noContextTakeover: true },
      },
    });
  });

  test.each([
    [1, 'permessage-deflate'],
    [2, 'permessage-deflate; client_no_context_takeover'],
    [3, null],
    [4, null],
    [5, null],
    [6, null],
    [7, 'permessage-deflate; client_no_context_takeover'],
  ] as const)('without client_max_window_bits get the answer of 13.%i', (parameters, answer) => {
    expect(answerOffers('permessage-deflate', parameters)?.answer ?? null).toBe(answer);
  });

  test.each([
    [3, 'permessage-deflate; client_max_window_bits=9'],
    [4, 'permessage-deflate; client_max_window_bits=15'],
    [7, 'permessage-deflate; client_no_context_takeover; client_max_window_bits=9'],
  ] as const)('with client_max_window_bits get the answer of 13.%i', (parameters, answer) => {
    const offers = 'permessage-deflate; client_max_window_bits=12';
    expect(answerOffers(offers, parameters)?.answer).toBe(answer);
  });
});

test('the offers of 13.7 are those of 13.5, 13.2 and 13.1', () => {
  expect(offerOf(7)).toBe([offerOf(5), offerOf(2), offerOf(1)].join(', '));
});

test('an offer without parameters leaves both directions at their defaults', () => {
  expect(readAnswer('permessage-deflate')).toEqual({ client: DEFAULT, server: DEFAULT });
});
