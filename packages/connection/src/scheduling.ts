// Node's own ticks, immediates and timers, taken when the module loads. A test that replaces the globals with fakes afterwards must
// not stop connections, and a test environment such as jsdom has globals with the same names that are not Node's.
import perfHooks from 'node:perf_hooks';
import currentProcess from 'node:process';
import timers from 'node:timers';

// Jest gives modules a copy of `process`, which may hold fakes already when the module loads. Not every runtime has the function.
const { getBuiltinModule } = currentProcess as Partial<Pick<NodeJS.Process, 'getBuiltinModule'>>;
const process = getBuiltinModule?.('node:process') ?? currentProcess;

/** `process.nextTick()`. */
export const nextTick = process.nextTick.bind(process);
/** `setImmediate()`. */
export const setImmediate = timers.setImmediate;
/** `performance.now()`. */
export const now = perfHooks.performance.now.bind(perfHooks.performance);
/** `setTimeout()`. */
export const setTimeout = timers.setTimeout;
/** `clearTimeout()`. */
export const clearTimeout = timers.clearTimeout;
