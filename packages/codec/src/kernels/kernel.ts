// What the codec asks of the engine it runs in. `node.ts` and `portable.ts` answer, chosen by `#kernels`.

/** The few operations on bytes for which an engine may have something faster than plain JavaScript. */
export interface Kernel {
  /** A view of `bytes` from `start` to before `end`, without a copy: a `Buffer` on Node. */
  view(bytes: Uint8Array, start: number, end: number): Uint8Array;
  /** A view of memory, `length` bytes from `offset` on: a `Buffer` on Node, else a plain `Uint8Array`. */
  viewOf(memory: ArrayBufferLike, offset: number, length: number): Uint8Array;
  /** New bytes that the caller will overwrite whole: not cleared on Node, where they are a `Buffer`. */
  allocate(size: number): Uint8Array;
  /** Has `structuredClone()` and `postMessage()` refuse to transfer the memory, or copy it, where the engine can. */
  pin(memory: ArrayBufferLike): void;
  /** Frees memory that nothing refers to any more, where the engine can, instead of leaving it to the collector. */
  free(memory: ArrayBufferLike): void;
  /** The number of bytes of a string in UTF-8; a lone surrogate counts 3, as it is replaced by U+FFFD. */
  utf8Length(text: string): number;
  /** Writes a string as UTF-8 at `offset`, where there must be room, and returns how many bytes it took. */
  writeUtf8(target: Uint8Array, offset: number, text: string): number;
  /** Fills the words with secure random numbers. */
  randomize(words: Int32Array): void;
  /** Whether the bytes are UTF-8 from the first to the last (§8.1); undefined where the engine cannot tell. */
  readonly nativeIsUtf8: ((bytes: Uint8Array) => boolean) | undefined;
  /** Masks `bytes` in place from `start` to before `end` (§5.3); undefined where plain JavaScript is as good. */
  readonly nativeMask: ((bytes: Uint8Array, start: number, end: number, key: number) => void) | undefined;
  /** From how many bytes on {@link Kernel.nativeMask} pays. */
  readonly nativeMaskFrom: number;
}
