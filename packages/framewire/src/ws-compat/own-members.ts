// The members of a class where those of `ws` are: in one prototype.

/**
 * Copies the members that a prototype inherits, up to those of Node's emitter, into the prototype itself. `ws` has its classes without
 * layers, so programs look there with `Object.getOwnPropertyDescriptor()`, and errors of the engine name the class.
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
