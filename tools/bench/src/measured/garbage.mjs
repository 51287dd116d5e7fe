// Collects garbage before memory is measured, in Node, Bun and Deno alike.
import { setImmediate } from 'node:timers/promises';

/** How often, because a finalizer may release objects that only the next collection can free. */
const TIMES = 3;

/**
 * Collects garbage, if the runtime gives access to it. In the turns of the event loop in between, connections that were reset end, and
 * are released.
 */
export async function collectGarbage() {
  const collect = globalThis.gc ?? (globalThis.Bun ? () => globalThis.Bun.gc(true) : undefined);
  for (let i = 0; i < TIMES; i++) {
    await setImmediate();
    collect?.();
  }
}
