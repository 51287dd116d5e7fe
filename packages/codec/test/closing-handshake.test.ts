import { describe, expect, test } from 'vitest';
import { isOver, nextClosingPhase, readsOn, type ClosingEvent, type ClosingPhase } from '@framewire/codec';

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
  ];
  test.each(rows)('in phase %s, %s leads to %s', (phase, event, next) => {
    expect(nextClosingPhase(phase, event)).toBe(next);
  });

  test.each([
    ['open', true, false],
    ['close-sent', true, false],
    ['close-received', false, false],
    ['complete', false, true],
    ['failing', false, false],
    ['failed', false, true],
  ] as const)(
    'in phase %s, it is %s that bytes are read on, and %s that TCP may end',
    (phase, reads, over) => {
      expect([readsOn(phase), isOver(phase)]).toEqual([reads, over]);
    },
  );
});
