// Recognises a `Uint8Array` of any realm. For example, a test environment or a `node:vm` context has a class of its own.

/** A getter that every typed array inherits. Its result depends on the array itself, and not on its prototypes. */
const tag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

/** Whether the value is a `Uint8Array`, or an instance of a subclass such as `Buffer`. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return tag?.get?.call(value) === 'Uint8Array';
}
