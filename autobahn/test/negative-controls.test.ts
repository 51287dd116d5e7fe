import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { CASES, CLIENT_VERDICTS, SERVER_VERDICTS } from './expected-verdicts.ts';
import { runClientCases, runServerCases, verdictsOf } from './support.ts';
import { wrongClient, wrongServer } from './wrong-peer.ts';
import type { Verdicts } from './support.ts';
import type { Fault } from './faults.ts';

/** Compressed messages of a case. The wrong peers do not count them. */
const few = { messages: 20 };

describe('a server', () => {
  test.concurrent.each(SERVER_VERDICTS)(
    'with the fault "%s" gets the expected verdicts',
    async (fault, expected) => {
      expect(await serverVerdicts(fault)).toEqual(expected);
    },
  );

  test.concurrent(
    'that checks UTF-8 at the end of a message is NON-STRICT where it should fail fast',
    async () => {
      const verdicts = await serverVerdicts('checks UTF-8 only at the end of a message', '6.3.1,6.4.*');
      expect(verdicts).toEqual(all('NON-STRICT', '6.4.1', '6.4.2', '6.4.3', '6.4.4'));
    },
  );

  test.concurrent('that answers pings late fails if the pong must come before the message', async () => {
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

  test.concurrent('that stays silent in the handshake fails after openHandshakeTimeout', async () => {
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
  test.concurrent.each(CLIENT_VERDICTS)(
    'with the fault "%s" gets the expected verdicts',
    async (fault, expected) => {
      expect(await clientVerdicts(fault)).toEqual(expected);
    },
  );
});

describe('a message after the last good echo', () => {
  const fault = 'sends a message before it answers Close';
  const cases = '9.7.1,9.8.2,12.1.1,13.1.1';
  const failed = allFailed(...cases.split(','));

  test.concurrent.each([true, false])('fails a server, with permessage-deflate: %s', async (deflate) => {
    expect(await serverVerdicts(fault, cases, deflate)).toEqual(failed);
  });

  test.concurrent.each([true, false])('fails a client, with permessage-deflate: %s', async (deflate) => {
    expect(await clientVerdicts(fault, cases, deflate)).toEqual(failed);
  });
});

async function serverVerdicts(fault: Fault, cases = CASES, deflate = true): Promise<Verdicts> {
  const { port, server } = await wrongServer(fault, { deflate });
  try {
    return notOk(verdictsOf(await runServerCases(port, cases, few)));
  } finally {
    server.close();
  }
}

async function clientVerdicts(fault: Fault, cases = CASES, deflate = true): Promise<Verdicts> {
  return notOk(verdictsOf(await runClientCases(cases, (url) => wrongClient(url, fault, { deflate }), few)));
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
