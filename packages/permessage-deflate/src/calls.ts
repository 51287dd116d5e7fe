// Calls several functions, even if some of them throw.
import { kernel } from './kernels/kernel.ts';

/** Throws the first error of the functions, and reports the others as uncaught. */
export function callAll(calls: Iterable<() => void>): void {
  const errors: unknown[] = [];
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      errors.push(error);
    }
  }
  for (const error of errors.splice(1)) {
    kernel.nextTick(() => {
      throw error;
    });
  }
  if (errors.length > 0) throw errors[0];
}
