// What the codec needs from the engine. `node.ts` and `portable.ts` implement it. The `#kernels` import chooses between them.

/** The operations on bytes for which an engine may have something faster than plain JavaScript. */
export interface Kernel {
  /** Returns a view of `bytes` from `start` up to `end` (exclusive). A `Buffer` on Node. */
  view(bytes: Uint8Array, start: number, end: number): Uint8Array;
  /** Returns a view of `length` bytes of memory from `offset` on. A `Buffer` on Node, otherwise a `Uint8Array`. */
  viewOf(memory: ArrayBufferLike, offset: number, length: number): Uint8Array;
  /** Returns new bytes, all of which the caller must overwrite. On Node they are a `Buffer` that is not cleared. */
  allocate(size: number): Uint8Array;
  /** Makes `structuredClone()` and `postMessage()` refuse to transfer the memory, or copy it instead, if the engine supports that. */
  pin(memory: ArrayBufferLike): void;
  /** Returns the number of bytes of a string in UTF-8. A lone surrogate counts as 3, because U+FFFD replaces it. */
  utf8Length(text: string): number;
  /** Writes a string as UTF-8 at `offset`, where there must be room. Returns the number of bytes written. */
  writeUtf8(target: Uint8Array, offset: number, text: string): number;
  /** Fills the words with secure random numbers. */
  randomize(words: Int32Array): void;
  /** Whether all of the bytes are UTF-8 (§8.1). Undefined if the engine has no such function. */
  readonly nativeIsUtf8: ((bytes: Uint8Array) => boolean) | undefined;
  /** Masks `bytes` in place from `start` up to `end` (exclusive, §5.3). Undefined if plain JavaScript is as fast. */
  readonly nativeMask: ((bytes: Uint8Array, start: number, end: number, key: number) => void) | undefined;
  /** The length from which {@link Kernel.nativeMask} is faster, in bytes. */
  readonly nativeMaskFrom: number;
}
