// Collecting garbage before memory is looked at, in Node, Bun and Deno alike.
import { setImmediate } from 'node:timers/promises';

/** How often: what a finalizer lets go of is garbage of the next time. */
const TIMES = 3;

/**
 * Collects garbage, where the program was started so that it may. Turns of the event loop lie between, in which connections that
 * were reset end, and are let go of.
 */
export async function collectGarbage() {
  const collect = globalThis.gc ?? (globalThis.Bun ? () => globalThis.Bun.gc(true) : undefined);
  for (let i = 0; i < TIMES; i++) {
    await setImmediate();
    collect?.();
  }
}
