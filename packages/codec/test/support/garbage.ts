// Whether something is still held, told by the engine's own garbage collector.
import { collectGarbage } from '@framewire/testing';

/** Whether nothing holds the object any more. A weak reference that was made or read holds it for its turn. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return reference.deref() === undefined;
}
