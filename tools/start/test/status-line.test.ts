/** The status line of the terminal. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showStatusLine } from '../src/status-line.ts';
import type { Terminal } from '../src/status-line.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function terminal(options: Omit<Terminal, 'write'>): Terminal & { written: string[] } {
  const written: string[] = [];
  return { ...options, written, write: (text) => written.push(text) };
}

describe('The status line', () => {
  it('is rewritten in place with the people and the rate of the last two seconds', () => {
    const screen = terminal({ isTTY: true, columns: 80 });
    let messages = 0;
    const stop = showStatusLine(screen, () => ({ people: 2, messages }));
    expect(screen.written).toEqual(['\r  2 people in the rooms · 0.0 messages/s\u001b[K']);
    for (let step = 0; step < 8; step++) {
      messages += 5;
      vi.advanceTimersByTime(500);
    }
    expect(screen.written.at(-1)).toBe('\r  2 people in the rooms · 10.0 messages/s\u001b[K');
    stop();
    expect(screen.written.at(-1)).toBe('\r\u001b[K');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never wraps', () => {
    const screen = terminal({ isTTY: true, columns: 20 });
    const stop = showStatusLine(screen, () => ({ people: 1, messages: 0 }));
    expect(screen.written).toEqual(['\r  1 person in the r\u001b[K']);
    stop();
  });

  it('writes nothing to a stream that is not a terminal', () => {
    const file = terminal({});
    const stop = showStatusLine(file, () => ({ people: 0, messages: 0 }));
    vi.advanceTimersByTime(5000);
    stop();
    expect(file.written).toEqual([]);
  });
});
