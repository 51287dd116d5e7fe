// Time that a test drives: `vi.advanceTimersByTime()` reaches the packages. They keep Node's timers as they are when they load, so
// a test file imports this before them.
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import { vi } from 'vitest';

vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
// Vitest fakes the globals alone.
Object.assign(timers, { setTimeout, clearTimeout });
Object.assign(perfHooks, { performance });
