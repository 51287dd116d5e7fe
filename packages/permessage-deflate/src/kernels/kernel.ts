// What the transforms ask of the engine they run in. `node.ts` and `portable.ts` answer, chosen by `#kernels`.

/** A timer that keeps no process alive where the engine knows such. */
export type Timer = object | number;

/** How `node:zlib` compresses one piece. */
export interface ZlibPiece {
  readonly level?: number | undefined;
  readonly memLevel?: number | undefined;
  readonly strategy?: number | undefined;
  readonly chunkSize?: number | undefined;
  readonly windowBits: number;
  /** What the piece may point back to. */
  readonly dictionary?: Uint8Array | undefined;
}

/** `node:zlib`, for what our own engine does not do. Each call compresses one piece and flushes it (`Z_SYNC_FLUSH`). */
export interface Zlib {
  deflate(data: Uint8Array, options: ZlibPiece): Uint8Array;
  /** On the thread pool. Options that are wrong throw. */
  deflateLater(
    data: Uint8Array,
    options: ZlibPiece,
    done: (error: Error | null, made?: Uint8Array) => void,
  ): void;
}

export interface Kernel {
  /** Memory that is overwritten whole: a `Buffer` on Node, where it is not cleared. */
  readonly allocate: (length: number) => Uint8Array;
  /** A copy, of the same kind. */
  copy(bytes: Uint8Array): Uint8Array;
  /** A text in UTF-8. */
  encode(text: string): Uint8Array;
  /** How long that is. */
  utf8Length(text: string): number;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  nextTick(callback: () => void): void;
  /** In a later turn of the event loop. */
  setImmediate(callback: () => void): void;
  setTimeout(callback: () => void, milliseconds: number): Timer;
  /** Captures the async context (`AsyncLocalStorage`) in which it is called, for a callback that has to wait. */
  inThisContext<Arguments extends unknown[]>(
    callback: (...args: Arguments) => void,
  ): (...args: Arguments) => void;
  /** Undefined where there is none. */
  readonly zlib: Zlib | undefined;
}
