// What our classes have that those of `ws` do not: names that a program may take for itself.

/**
 * Defines a property that is computed by `get` until a program assigns another value, which then is the object's own. `ws` leaves the
 * name free, so assigning to it must neither throw nor be lost.
 */
export function defineAddition<T extends object>(
  prototype: T,
  name: string,
  get: (owner: T) => unknown,
): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: T) {
      return get(this);
    },
    set(this: T, value: unknown) {
      Object.defineProperty(this, name, { configurable: true, enumerable: true, value, writable: true });
    },
  });
}
