/** The JSON report of one case: the expected and received events, the closing, and the wire log. */

import { showOctets } from '../traffic.ts';
import type { LogEvent } from '../case.ts';
import type { Run } from '../run.ts';

/** An event as the reports show it. The last element of a message is whether it was binary. */
export type ShownEvent = readonly ['message', string, boolean] | readonly ['pong' | 'timeout', string];

/** How many octets of a payload an event shows. */
const SHOWN_OCTETS = 64;

/** Returns the report as data. `number` is the position of the case in the list, from 1. */
export function caseReport(run: Run, number: number) {
  const { testCase, agent, verdict, traffic } = run;
  const { end, conduct } = testCase;
  const timed = conduct.kind !== 'log';
  return {
    id: testCase.id,
    case: number,
    agent,
    description: testCase.about,
    expectation: expectation(run),
    started: run.started.toISOString(),
    duration: run.duration,
    isServer: run.isServer,
    ...verdict,
    expected: Object.fromEntries(
      Object.entries(run.expected).map(([value, log]) => [value, log.map(showEvent)]),
    ),
    expectedClose: {
      closedByMe: end.by === 'F',
      closeCode: end.codes,
      requireClean: end.clean,
      ...(end.wrongEndFails ? { closedByWrongEndpointIsFatal: true } : {}),
    },
    received: run.received.map(showEvent),
    ...run.closing,
    createStats: true,
    rxOctetStats: traffic.rxOctetStats,
    txOctetStats: traffic.txOctetStats,
    rxFrameStats: traffic.rxFrameStats,
    txFrameStats: traffic.txFrameStats,
    httpRequest: traffic.httpRequest,
    httpResponse: traffic.httpResponse,
    createWirelog: true,
    wirelog: traffic.wirelog,
    reportTime: timed,
    reportCompressionRatio: conduct.kind === 'compressed',
    trafficStats: run.trafficStats,
  };
}

export type CaseReport = ReturnType<typeof caseReport>;

/** Returns what must happen in the case, in a sentence or two. */
function expectation({ testCase }: Run): string {
  const { conduct, end } = testCase;
  if (conduct.kind === 'log' && conduct.informational) return 'The outcome is recorded, but not judged.';
  const first = end.by === 'F' ? 'The suite closes first' : 'The peer closes first, or drops TCP';
  const codes =
    end.codes.length > 1 ? `one of the codes ${end.codes.join(', ')}` : `the code ${end.codes[0] ?? 0}`;
  const closing = `${first}; the peer sends ${codes} or none.`;
  if (conduct.kind === 'log') {
    const seen = conduct.ok === '(none)' ? 'nothing' : 'the expected events, in order, and no other';
    return `The peer sends ${seen}. ${closing}`;
  }
  const times =
    conduct.kind === 'large' ? 'The message comes back' : 'Every message comes back, one after the other';
  return `${times}. ${closing}`;
}

function showEvent(event: LogEvent): ShownEvent {
  if (event.kind === 'timeout') return ['timeout', event.tag];
  const payload = showOctets(event.payload, SHOWN_OCTETS);
  return event.kind === 'pong' ? ['pong', payload] : ['message', payload, event.kind === 'binary'];
}
