// Node's own ticks, immediates and timers, taken from Node's modules when this module loads. The globals may differ: environments such as
// jsdom have their own, and a test may later replace them with fakes, which must not stop connections.
import perfHooks from 'node:perf_hooks';
import currentProcess from 'node:process';
import timers from 'node:timers';

// Jest gives modules a copy of `process`, which may already contain fakes. Not every runtime has `getBuiltinModule()`.
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

/** Throws an exception of the application in a tick of its own. */
export function throwLater(error: unknown): void {
  nextTick(rethrow, error);
}

function rethrow(error: unknown): never {
  throw error;
}
