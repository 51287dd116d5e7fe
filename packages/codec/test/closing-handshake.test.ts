import { describe, expect, test } from 'vitest';
import {
  isClean,
  isClosed,
  isOver,
  maySend,
  nextClosingPhase,
  readsOn,
  type ClosingEvent,
  type ClosingPhase,
} from '@framewire/codec';

describe('the table of the closing handshake (RFC 6455 §7.1)', () => {
  const rows: [ClosingPhase, ClosingEvent, ClosingPhase][] = [
    ['open', 'send', 'close-sent'],
    ['open', 'receive', 'close-received'],
    ['open', 'fail', 'failing'],
    ['close-sent', 'send', 'close-sent'],
    ['close-sent', 'receive', 'complete'],
    ['close-sent', 'fail', 'failed'],
    ['close-received', 'send', 'complete'],
    ['close-received', 'receive', 'close-received'],
    ['close-received', 'fail', 'close-received'],
    ['complete', 'send', 'complete'],
    ['complete', 'receive', 'complete'],
    ['complete', 'fail', 'complete'],
    ['failing', 'send', 'failed'],
    ['failing', 'receive', 'failing'],
    ['failing', 'fail', 'failing'],
    ['failed', 'send', 'failed'],
    ['failed', 'receive', 'failed'],
    ['failed', 'fail', 'failed'],
    ['lost', 'send', 'lost'],
    ['lost', 'receive', 'lost-received'],
    ['lost', 'fail', 'failed'],
    ['lost-received', 'send', 'lost-received'],
    ['lost-received', 'receive', 'lost-received'],
    ['lost-received', 'fail', 'lost-received'],
    ['open', 'lose', 'lost'],
    ['close-sent', 'lose', 'close-sent'],
    ['close-received', 'lose', 'lost-received'],
    ['complete', 'lose', 'complete'],
    ['failing', 'lose', 'failed'],
    ['failed', 'lose', 'failed'],
    ['lost', 'lose', 'lost'],
    ['lost-received', 'lose', 'lost-received'],
    ['open', 'end', 'closed'],
    ['close-sent', 'end', 'closed'],
    ['close-received', 'end', 'closed'],
    ['complete', 'end', 'closed-cleanly'],
    ['failing', 'end', 'closed'],
    ['failed', 'end', 'closed'],
    ['lost', 'end', 'closed'],
    ['lost-received', 'end', 'closed'],
  ];
  for (const phase of ['closed', 'closed-cleanly'] as const) {
    for (const event of ['send', 'receive', 'fail', 'lose', 'end'] as const) rows.push([phase, event, phase]);
  }
  test.each(rows)('in phase %s, %s leads to %s', (phase, event, next) => {
    expect(nextClosingPhase(phase, event)).toBe(next);
  });

  test.each<[ClosingPhase, sends: boolean, reads: boolean, over: boolean, closed: boolean, clean: boolean]>([
    ['open', true, true, false, false, false],
    ['close-sent', false, true, false, false, false],
    ['close-received', true, false, false, false, false],
    ['complete', false, false, true, false, true],
    ['failing', true, false, false, false, false],
    ['failed', false, false, true, false, false],
    ['lost', false, true, false, false, false],
    ['lost-received', false, false, false, false, false],
    ['closed', false, false, true, true, false],
    ['closed-cleanly', false, false, true, true, true],
  ])(
    'in phase %s: may send %s, reads on %s, transport may end %s, closed %s, clean %s',
    (phase, ...expected) => {
      const predicates = [maySend, readsOn, isOver, isClosed, isClean];
      expect(predicates.map((holds) => holds(phase))).toEqual(expected);
    },
  );
});
