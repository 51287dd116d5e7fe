// Fake timers for the packages too, so that `vi.advanceTimersByTime()` also advances their timers. The packages read Node's timers once,
// when they load, so a test file must import this module before them.
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import { vi } from 'vitest';

vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
// Vitest fakes only the globals.
Object.assign(timers, { setTimeout, clearTimeout });
Object.assign(perfHooks, { performance });
