// Puts the members of a class into one prototype, as in `ws`.

/**
 * Copies inherited members, except those of Node's emitter, into the prototype itself. The classes of `ws` have no base classes of their
 * own, so programs read the prototype with `Object.getOwnPropertyDescriptor()`.
 */
export function ownMembers(prototype: object): void {
  for (
    let layer = Object.getPrototypeOf(prototype) as object;
    !Object.hasOwn(layer, 'addListener');
    layer = Object.getPrototypeOf(layer) as object
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(layer))) {
      if (!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, descriptor);
    }
  }
}
