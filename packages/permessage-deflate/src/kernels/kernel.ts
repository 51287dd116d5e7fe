// What the transforms need from the runtime. `#kernels` selects the implementation: `node.ts` or `portable.ts`.
export { kernel } from '#kernels';

/** A timer that does not keep the process alive, where the runtime supports that. */
export type Timer = object | number;

/** How `node:zlib` compresses one fragment. */
export interface ZlibSettings {
  readonly level?: number | undefined;
  readonly memLevel?: number | undefined;
  readonly strategy?: number | undefined;
  readonly chunkSize?: number | undefined;
  readonly windowBits: number;
  /** Bytes that the fragment may refer back to. */
  readonly dictionary?: Uint8Array | undefined;
}

/** `node:zlib`, for options that our engine does not support. Each call compresses one fragment and flushes it (`Z_SYNC_FLUSH`). */
export interface Zlib {
  deflate(data: Uint8Array, options: ZlibSettings): Uint8Array;
  /** Compresses on the thread pool. Throws for invalid options. */
  deflateLater(
    data: Uint8Array,
    options: ZlibSettings,
    done: (error: Error | null, made?: Uint8Array) => void,
  ): void;
}

export interface Kernel {
  /** Allocates memory that the caller overwrites: on Node, a `Buffer` that is not zeroed. */
  readonly allocate: (length: number) => Uint8Array;
  /** Copies bytes into memory like that of `allocate`. */
  copy(bytes: Uint8Array): Uint8Array;
  /** Encodes a text in UTF-8. */
  encode(text: string): Uint8Array;
  /** Returns the length of a text in UTF-8. */
  utf8Length(text: string): number;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  nextTick(callback: () => void): void;
  /** Runs the callback in a later turn of the event loop. */
  setImmediate(callback: () => void): void;
  setTimeout(callback: () => void, milliseconds: number): Timer;
  /** Binds a callback that has to wait to the current async context (`AsyncLocalStorage`). */
  inThisContext<Arguments extends unknown[]>(
    callback: (...args: Arguments) => void,
  ): (...args: Arguments) => void;
  /** Whether the engine can run: the runtime compiles WebAssembly from bytes. */
  isSupported(): boolean;
  /** `undefined` if the runtime has none. */
  readonly zlib: Zlib | undefined;
}
