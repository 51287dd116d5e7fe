import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { casesOf, runClientCases, runServerCases, verdictsOf } from './support.ts';
import { wrongClient, wrongServer } from './wrong-peer.ts';
import type { Verdicts } from './support.ts';
import type { Fault } from './wrong-peer.ts';

/** A few cases of every section, so that each fault meets what should find it and what should not mind it. */
const CASES =
  '1.1.2,2.2,2.5,3.1,3.2,4.1.1,4.1.3,5.9,5.15,6.2.1,6.3.1,6.12.1,7.1.1,7.3.1,7.3.2,7.7.2,7.9.1,9.1.1,9.7.2';

/** The verdicts other than OK that a fault has to get, the same for a server and a client. */
const EXPECTED: readonly (readonly [Fault, Verdicts])[] = [
  ['none', {}],
  ['skips the check of UTF-8', { '6.3.1': 'FAILED', '6.12.1': 'FAILED' }],
  // Answering a message that should have been refused spoils the empty log.
  ['ignores reserved bits', { '3.1': 'FAILED', '3.2': 'FAILED' }],
  // A peer that is silent about a bad frame behaves, but leaves it to the suite to end the connection.
  ['ignores reserved opcodes', { '4.1.1': 'OK / FAILED', '4.1.3': 'FAILED' }],
  ['ignores continuations without a message', { '5.9': 'FAILED', '5.15': 'FAILED' }],
  [
    'changes an octet',
    // Section 9 compares types and lengths alone.
    allFailed('1.1.2', '3.2', '4.1.3', '5.15', '6.2.1', '7.1.1'),
  ],
  ['echoes twice', allFailed('1.1.2', '3.2', '4.1.3', '5.15', '6.2.1', '7.1.1')],
  [
    'sends pongs that nobody asked for',
    allFailed('1.1.2', '3.2', '4.1.3', '5.15', '6.2.1', '7.1.1', '9.7.2'),
  ],
  ['never answers a ping', { '2.2': 'FAILED' }],
  ['answers a ping with other octets', { '2.2': 'FAILED' }],
  [
    'sends text that is not UTF-8',
    {
      ...allFailed('1.1.2', '6.2.1', '7.1.1', '9.1.1', '9.7.2'),
      ...{ '3.2': 'NON-STRICT / FAILED', '4.1.3': 'NON-STRICT / FAILED', '5.15': 'NON-STRICT / FAILED' },
    },
  ],
  [
    'drops TCP instead of Close',
    // Where nobody needs a clean closing, that is as good as Close.
    all('OK / UNCLEAN', '1.1.2', '2.2', '6.2.1', '7.1.1', '7.3.1', '7.7.2', '9.1.1', '9.7.2'),
  ],
  [
    'closes with the wrong code',
    {
      ...all('OK / WRONG CODE', ...casesOf(CASES).map(({ id }) => id)),
      ...all('FAILED / WRONG CODE', '7.1.1', '7.3.1', '7.3.2', '7.7.2', '7.9.1'),
    },
  ],
  ['refuses the handshake', allFailed(...casesOf(CASES).map(({ id }) => id))],
];

/** What never answering Close gets; a server leaves it to the client to drop TCP, which is a verdict of its own. */
const NEVER_ANSWERS_CLOSE = {
  ...all('OK / UNCLEAN', '1.1.2', '2.2', '6.2.1', '7.1.1', '7.3.1', '7.7.2', '9.1.1', '9.7.2'),
  ...all('OK / FAILED', '2.5', '3.1', '3.2', '4.1.1', '4.1.3', '5.9', '5.15'),
  ...allFailed('6.3.1', '6.12.1'),
};

describe('a server', () => {
  test.concurrent.each(EXPECTED)('that %s gets the verdicts for that', async (fault, expected) => {
    expect(await serverVerdicts(fault)).toEqual(expected);
  });

  test.concurrent('that never answers Close gets the verdicts for that', async () => {
    const byClient = all('OK / FAILED BY CLIENT', '7.3.2', '7.9.1');
    expect(await serverVerdicts('never answers Close')).toEqual({ ...NEVER_ANSWERS_CLOSE, ...byClient });
  });

  test.concurrent('that never drops TCP is unclean where that counts, else FAILED BY CLIENT', async () => {
    expect(await serverVerdicts('never drops TCP')).toEqual({
      ...all('OK / FAILED BY CLIENT', '2.5', '3.1', '3.2', '4.1.1', '4.1.3', '5.9', '5.15'),
      ...all('OK / FAILED BY CLIENT', '6.3.1', '6.12.1', '7.3.2', '7.9.1'),
      ...all('OK / UNCLEAN', '1.1.2', '2.2', '6.2.1', '7.1.1', '7.3.1', '7.7.2', '9.1.1', '9.7.2'),
    });
  });

  test.concurrent('that masks its frames is failed for each of them', async () => {
    const verdicts = await serverVerdicts('masks where it must not, or does not where it must');
    expect(verdicts).toMatchObject({ '1.1.2': 'FAILED / UNCLEAN', '7.1.1': 'FAILED / UNCLEAN' });
  });

  test.concurrent(
    'that checks UTF-8 at the end of a message is NON-STRICT where it should fail fast',
    async () => {
      const verdicts = await serverVerdicts('checks UTF-8 at the end of a message only', '6.3.1,6.4.*');
      expect(verdicts).toEqual(all('NON-STRICT', '6.4.1', '6.4.2', '6.4.3', '6.4.4'));
    },
  );

  test.concurrent('that answers pings late fails where the pong has to come before the message', async () => {
    const verdicts = await serverVerdicts(
      'answers a ping only after the next message',
      '2.2,2.9,5.3,5.6,5.7',
    );
    expect(verdicts).toEqual(allFailed('2.2', '2.9', '5.6', '5.7'));
  });

  test.concurrent('that never checks UTF-8 fails where it should fail fast', async () => {
    const verdicts = await serverVerdicts('skips the check of UTF-8', '6.4.*');
    expect(verdicts).toEqual(allFailed('6.4.1', '6.4.2', '6.4.3', '6.4.4'));
  });

  test.concurrent('that stays silent in the handshake fails when its time is up', async () => {
    const { port, server } = await wrongServer('stays silent in the handshake');
    const runs = await runServerCases(port, '1.1.1,7.1.6', {
      limits: { ...DEFAULT_LIMITS, openHandshakeTimeout: 0.2 },
    });
    server.close();
    expect(verdictsOf(runs)).toEqual({ '1.1.1': 'FAILED', '7.1.6': 'INFORMATIONAL' });
    expect(runs.map(({ closing }) => closing.wasOpenHandshakeTimeout)).toEqual([true, true]);
  });
});

describe('a client', () => {
  test.concurrent.each(EXPECTED)('that %s gets the verdicts for that', async (fault, expected) => {
    expect(await clientVerdicts(fault)).toEqual(expected);
  });

  test.concurrent('that never answers Close gets the verdicts for that', async () => {
    expect(await clientVerdicts('never answers Close')).toEqual(NEVER_ANSWERS_CLOSE);
  });

  test.concurrent('that leaves its frames unmasked is failed for each of them', async () => {
    const verdicts = await clientVerdicts('masks where it must not, or does not where it must');
    expect(verdicts).toMatchObject({ '1.1.2': 'FAILED / UNCLEAN', '7.1.1': 'FAILED / UNCLEAN' });
  });
});

async function serverVerdicts(fault: Fault, cases = CASES): Promise<Verdicts> {
  const { port, server } = await wrongServer(fault);
  try {
    return notOk(verdictsOf(await runServerCases(port, cases)));
  } finally {
    server.close();
  }
}

async function clientVerdicts(fault: Fault): Promise<Verdicts> {
  return notOk(verdictsOf(await runClientCases(CASES, (url) => wrongClient(url, fault))));
}

function notOk(verdicts: Verdicts): Verdicts {
  return Object.fromEntries(Object.entries(verdicts).filter(([, verdict]) => verdict !== 'OK'));
}

function allFailed(...ids: string[]): Verdicts {
  return all('FAILED', ...ids);
}

function all(verdict: string, ...ids: string[]): Verdicts {
  return Object.fromEntries(ids.map((id) => [id, verdict]));
}
