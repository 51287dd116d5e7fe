// Properties that the classes of `ws` lack. A program may use their names for its own purposes.

/**
 * Defines a property that `get` computes until a program assigns a value, which becomes the object's own property. As with `ws`, a
 * program may assign any value.
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
