// Collects garbage before memory is measured, in Node, Bun and Deno.
import { setImmediate } from 'node:timers/promises';

/** How many collections: a finalizer may release objects that only the next collection can free. */
const TIMES = 3;

/**
 * Collects garbage, if the runtime allows it. In the turns of the event loop between the collections, connections that were reset end,
 * and their memory can be freed.
 */
export async function collectGarbage() {
  const collect = globalThis.gc ?? (globalThis.Bun ? () => globalThis.Bun.gc(true) : undefined);
  for (let i = 0; i < TIMES; i++) {
    await setImmediate();
    collect?.();
  }
}
