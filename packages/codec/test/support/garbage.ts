// Whether something is still referenced, according to the garbage collector of the engine.
import { collectGarbage } from '@framewire/testing';

/** Whether nothing references the object any more. A weak reference keeps it alive in the turn in which it is created or read. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return reference.deref() === undefined;
}
