/** The two verdicts on a case: how the peer behaved, and how the connection was closed. */

import type { EndRule } from './case.ts';
import type { ClosingRecord } from './closing-record.ts';

export type Behavior = 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'FAILED';
export type BehaviorClose = 'OK' | 'FAILED' | 'WRONG CODE' | 'UNCLEAN' | 'FAILED BY CLIENT' | 'INFORMATIONAL';

/** The facts that determine a verdict. */
export interface Outcome {
  /** Whether the opening handshake was finished. */
  readonly opened: boolean;
  /** The verdict on the events alone. */
  readonly observed: Behavior;
  /** Whether the case is for information only. */
  readonly informational: boolean;
  readonly end: EndRule;
  readonly closing: ClosingRecord;
  /** Whether the suite is the server. */
  readonly isServer: boolean;
}

export interface Verdict {
  readonly behavior: Behavior;
  readonly behaviorClose: BehaviorClose;
  /** The reason, in a sentence. */
  readonly result: string;
  readonly resultClose: string;
}

interface Row<Value> {
  readonly value: Value;
  readonly when: (outcome: Outcome) => boolean;
  readonly because: string;
}

/** The first row that applies decides. */
const CLOSING: readonly Row<BehaviorClose>[] = [
  { value: 'INFORMATIONAL', when: (o) => o.informational, because: 'The closing is not judged.' },
  { value: 'FAILED', when: (o) => !o.opened, because: 'The opening handshake was not finished.' },
  { value: 'FAILED', when: closedByWrongEnd, because: 'The wrong end closed the connection.' },
  {
    value: 'UNCLEAN',
    when: (o) => o.end.clean && !o.closing.wasClean,
    because: 'The closing handshake was not completed.',
  },
  {
    value: 'WRONG CODE',
    when: hasWrongCode,
    because: 'The peer sent a wrong close code.',
  },
  {
    value: 'FAILED BY CLIENT',
    when: (o) => !o.isServer && o.closing.droppedByMe,
    because: 'The server did not drop TCP, so the suite did.',
  },
  { value: 'OK', when: () => true, because: 'The connection was closed as it should be.' },
];

/** The first row that applies decides; the rows at the top override what was observed. */
const BEHAVIOR: readonly Row<Behavior>[] = [
  { value: 'INFORMATIONAL', when: (o) => o.informational, because: 'The case is not judged.' },
  { value: 'FAILED', when: (o) => !o.opened, because: 'The opening handshake was not finished.' },
  {
    value: 'FAILED',
    when: (o) => o.end.wrongEndFails && closedByWrongEnd(o),
    because: 'The wrong end closed the connection.',
  },
  {
    value: 'FAILED',
    when: (o) => o.end.wrongCodeFails && judgeClosing(o).value === 'WRONG CODE',
    because: 'The peer sent a wrong close code.',
  },
  { value: 'OK', when: (o) => o.observed === 'OK', because: 'The peer did what it should.' },
  {
    value: 'NON-STRICT',
    when: (o) => o.observed === 'NON-STRICT',
    because: 'The peer did what is allowed, but not strict.',
  },
  {
    value: 'UNIMPLEMENTED',
    when: (o) => o.observed === 'UNIMPLEMENTED',
    because: 'permessage-deflate was not negotiated.',
  },
  { value: 'FAILED', when: () => true, because: 'The peer did not do what it should.' },
];

/** Returns both verdicts on a run of a case. */
export function judge(outcome: Outcome): Verdict {
  const behavior = firstRow(BEHAVIOR, outcome);
  const closing = judgeClosing(outcome);
  return {
    behavior: behavior.value,
    behaviorClose: closing.value,
    result: behavior.because,
    resultClose: closing.because,
  };
}

/** The suite counts as the closing end only if it sent a Close that was not a reply. Otherwise the peer does, even if it only dropped TCP. */
function closedByWrongEnd({ closing, end }: Outcome): boolean {
  return closing.closedByMe !== (end.by === 'F');
}

function hasWrongCode({ closing, end }: Outcome): boolean {
  return closing.remoteCloseCode !== null && !end.codes.includes(closing.remoteCloseCode);
}

function judgeClosing(outcome: Outcome): Row<BehaviorClose> {
  return firstRow(CLOSING, outcome);
}

function firstRow<Value>(rows: readonly Row<Value>[], outcome: Outcome): Row<Value> {
  const row = rows.find(({ when }) => when(outcome));
  if (!row) throw new Error('the last row of a table of verdicts must always apply');
  return row;
}
