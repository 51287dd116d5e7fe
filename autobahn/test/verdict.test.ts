import { describe, expect, test } from 'vitest';
import { blankClosing } from '../src/closing-record.ts';
import { readEnd } from '../src/notation.ts';
import { judge } from '../src/verdict.ts';
import type { ClosingRecord } from '../src/closing-record.ts';
import type { Outcome } from '../src/verdict.ts';

/** Returns both values for a run that passed, except for the given facts. */
function verdict(
  end: string,
  closing: Partial<ClosingRecord> = {},
  rest: Partial<Omit<Outcome, 'end' | 'closing'>> = {},
): string {
  const outcome: Outcome = {
    opened: true,
    observed: 'OK',
    informational: false,
    end: readEnd(end),
    closing: { ...blankClosing(), closedByMe: end.startsWith('F'), wasClean: true, ...closing },
    isServer: true,
    ...rest,
  };
  const { behavior, behaviorClose } = judge(outcome);
  return `${behavior} / ${behaviorClose}`;
}

describe('a verdict', () => {
  test('is OK when the events and the closing are as expected', () => {
    expect(verdict('F 1000 clean', { remoteCloseCode: 1000 })).toBe('OK / OK');
    expect(verdict('P 1002', { remoteCloseCode: 1002 })).toBe('OK / OK');
  });

  test('accepts a missing close code', () => {
    expect(verdict('F 1000 clean', { remoteCloseCode: null })).toBe('OK / OK');
  });

  test('treats a peer that drops TCP as the end that closed first', () => {
    expect(verdict('P 1002', { wasClean: false })).toBe('OK / OK');
    expect(verdict('F 1000 clean', { closedByMe: false, wasClean: false })).toBe('OK / FAILED');
  });

  test('fails the closing if the wrong end closes, and the behaviour only if the case is marked for it', () => {
    expect(verdict('P 1002', { closedByMe: true })).toBe('OK / FAILED');
    expect(verdict('P 1007 !', { closedByMe: true })).toBe('FAILED / FAILED');
  });

  test('is UNCLEAN if a required closing handshake was not completed', () => {
    expect(verdict('F 1000 clean', { wasClean: false })).toBe('OK / UNCLEAN');
    expect(verdict('F 1002', { wasClean: false })).toBe('OK / OK');
  });

  test('fails the behaviour because of a wrong code only if the case is marked for it', () => {
    expect(verdict('P 1007 !', { remoteCloseCode: 1002 })).toBe('OK / WRONG CODE');
    expect(verdict('F 1002 +', { remoteCloseCode: 1000 })).toBe('FAILED / WRONG CODE');
  });

  test('reports an unclean closing rather than a wrong code', () => {
    expect(verdict('F 1000 clean +', { wasClean: false, remoteCloseCode: 1001 })).toBe('OK / UNCLEAN');
  });

  test('is FAILED BY CLIENT if the client has to drop TCP', () => {
    expect(verdict('F 1002', { droppedByMe: true }, { isServer: false })).toBe('OK / FAILED BY CLIENT');
    expect(verdict('F 1002', { droppedByMe: true }, { isServer: true })).toBe('OK / OK');
  });

  test('is FAILED twice when the opening handshake was not finished', () => {
    expect(verdict('F 1000 clean', {}, { opened: false })).toBe('FAILED / FAILED');
  });

  test('is INFORMATIONAL twice for a case that is not judged, even without a handshake', () => {
    expect(verdict('F 1000', {}, { informational: true, opened: false })).toBe(
      'INFORMATIONAL / INFORMATIONAL',
    );
  });

  test('can be NON-STRICT or UNIMPLEMENTED, independently of the closing', () => {
    expect(verdict('P 1002', {}, { observed: 'NON-STRICT' })).toBe('NON-STRICT / OK');
    expect(verdict('F 1000 clean', {}, { observed: 'UNIMPLEMENTED' })).toBe('UNIMPLEMENTED / OK');
  });
});
