// The parts that brokers of different engines share, with sessions that the test opens and loses.
import '@framewire/testing/fake-timers';
import { heartbeat, historyLimits, Sessions, timeLimit } from '@framewire/topics/engine';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => void vi.clearAllTimers());

/** The attempts to open a session, from 0 on. */
function attempts() {
  const closed: number[] = [];
  const lose: ((error: Error) => void)[] = [];
  const settle: ((failure?: Error) => void)[] = [];
  const changes: string[] = [];
  const sessions = new Sessions((lost) => {
    const number = lose.push(lost) - 1;
    return new Promise<{ number: number; close(): void }>((resolve, reject) => {
      settle.push((failure) => {
        if (failure === undefined) resolve({ number, close: () => void closed.push(number) });
        else reject(failure);
      });
    });
  });
  const listener = {
    message: () => {},
    interrupted: ({ message }: Error) => void changes.push(message),
    restored: () => void changes.push('restored'),
  };
  const openFirst = async (): Promise<void> => {
    const opened = sessions.open();
    settle[0]!();
    await opened;
    sessions.listen(listener);
  };
  return { closed, lose, settle, changes, sessions, openFirst };
}

const LONGEST_DELAY = 2000;

function isOpen(sessions: Sessions<{ close(): void }>): boolean {
  try {
    return Boolean(sessions.current);
  } catch {
    return false;
  }
}

describe('Sessions', () => {
  test('report a lost session once, and try to open another until that succeeds', async () => {
    const { lose, settle, changes, sessions, openFirst } = attempts();
    await openFirst();
    expect(sessions.current.number).toBe(0);
    lose[0]!(new Error('cut'));
    lose[0]!(new Error('cut again'));
    expect(() => sessions.current).toThrow(expect.objectContaining({ code: 'WS_ERR_BROKER_UNREACHABLE' }));
    await vi.advanceTimersByTimeAsync(LONGEST_DELAY);
    settle[1]!(new Error('still down'));
    await vi.advanceTimersByTimeAsync(LONGEST_DELAY);
    settle[2]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual(['cut', 'restored']);
    expect(sessions.current.number).toBe(2);
  });

  test('report only a session that has not been lost again', async () => {
    const { lose, settle, changes, sessions, openFirst } = attempts();
    await openFirst();
    lose[0]!(new Error('cut'));
    await vi.advanceTimersByTimeAsync(LONGEST_DELAY);
    settle[1]!();
    for (let turn = 0; turn < 20 && !isOpen(sessions); turn++) await Promise.resolve();
    lose[1]!(new Error('cut again'));
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual(['cut', 'cut again']);
    await vi.advanceTimersByTimeAsync(LONGEST_DELAY);
    settle[2]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual(['cut', 'cut again', 'restored']);
  });

  test('close a session that is lost, or no longer needed, before it is open', async () => {
    const { closed, lose, settle, sessions } = attempts();
    const cut = new Error('cut');
    const first = sessions.open();
    lose[0]!(cut);
    settle[0]!();
    await expect(first).rejects.toMatchObject({ code: 'WS_ERR_BROKER_UNREACHABLE', cause: cut });
    const second = sessions.open();
    await sessions.close();
    settle[1]!();
    await second;
    expect(closed).toEqual([0, 1]);
    expect(() => sessions.current).toThrow(expect.objectContaining({ code: 'WS_ERR_BROKER_CLOSED' }));
  });
});

describe('heartbeat()', () => {
  test('reports once that a ping failed, or was not answered within the interval', async () => {
    for (const last of [() => Promise.reject(new Error('reset')), () => new Promise(() => {})]) {
      const ping = vi.fn<() => Promise<unknown>>(last).mockResolvedValueOnce('pong');
      const lost = vi.fn<(error: Error) => void>();
      heartbeat(100, ping, lost);
      await vi.advanceTimersByTimeAsync(199);
      expect([ping.mock.calls.length, lost.mock.calls.length]).toEqual([1, 0]);
      await vi.advanceTimersByTimeAsync(1000);
      expect([ping.mock.calls.length, lost.mock.calls.length]).toEqual([2, 1]);
    }
  });

  test('rejects an interval that is not above 0', () => {
    for (const interval of [0, Number.NaN]) {
      expect(() => heartbeat(interval, vi.fn<() => Promise<void>>(), vi.fn<() => void>())).toThrow(
        RangeError,
      );
    }
  });

  test('sends and reports nothing after it has been ended', async () => {
    const ping = vi.fn<() => Promise<unknown>>(() => new Promise(() => {}));
    const lost = vi.fn<(error: Error) => void>();
    const end = heartbeat(100, ping, lost);
    await vi.advanceTimersByTimeAsync(100);
    end();
    await vi.advanceTimersByTimeAsync(1000);
    expect([ping.mock.calls.length, lost.mock.calls.length]).toEqual([1, 0]);
  });
});

test.each([
  [false, undefined],
  [undefined, undefined],
  [true, { messages: 1000, milliseconds: 300_000 }],
  [{ messages: 5 }, { messages: 5, milliseconds: 300_000 }],
  [
    { messages: undefined, milliseconds: 1 },
    { messages: 1000, milliseconds: 1 },
  ],
])('historyLimits(%j) returns %j', (history, limits) => {
  expect(historyLimits(history)).toEqual(limits);
});

test('timeLimit() has a default, and limits what a timer cannot run', () => {
  expect([timeLimit(undefined, 5), timeLimit(7, 5), timeLimit(Infinity, 5)]).toEqual([5, 7, 2 ** 31 - 1]);
  for (const timeout of [0, -1, Number.NaN]) expect(() => timeLimit(timeout, 5)).toThrow(RangeError);
});
