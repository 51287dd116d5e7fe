import { describe, expect, test } from 'vitest';
import {
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
  ];
  test.each(rows)('in phase %s, %s leads to %s', (phase, event, next) => {
    expect(nextClosingPhase(phase, event)).toBe(next);
  });

  test.each([
    ['open', true, true, false],
    ['close-sent', false, true, false],
    ['close-received', true, false, false],
    ['complete', false, false, true],
    ['failing', true, false, false],
    ['failed', false, false, true],
    ['lost', false, true, false],
    ['lost-received', false, false, false],
  ] as const)(
    'in phase %s, it is %s that frames may be sent, %s that bytes are read, and %s that TCP may end',
    (phase, sends, reads, over) => {
      expect([maySend(phase), readsOn(phase), isOver(phase)]).toEqual([sends, reads, over]);
    },
  );
});
