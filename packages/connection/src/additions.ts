// Properties that the classes of `ws` lack. A program may use their names for its own purposes.

/**
 * Defines a property that `get` computes until a program assigns a value. Then the value is the object's own property. Assigning must
 * neither throw nor be lost, because it works with `ws`.
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
