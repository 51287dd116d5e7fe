// Whether something is a `Uint8Array`, also one of another realm: a test environment or `node:vm` has a class of its own.

/** What every typed array inherits: a getter that looks at the array itself, and not at its prototypes. */
const tag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

/** Whether it is a `Uint8Array` or of a class derived from it, such as `Buffer`. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return tag?.get?.call(value) === 'Uint8Array';
}
