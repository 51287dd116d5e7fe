// The engine under both transforms: one raw DEFLATE stream of zlib, used on the spot or on the thread pool.
import { Buffer } from 'node:buffer';
import { constants, type Deflate, type Inflate, type ZlibOptions as NodeOptions } from 'node:zlib';
import { DeflateRaw, InflateRaw } from 'minizlib';
import { inNoContext } from './async-context.ts';
import { nextTick } from './scheduling.ts';

/** The options of a zlib stream that make sense here; `windowBits` and the like are `node:zlib`'s. */
export interface EngineOptions {
  /** The base-2 logarithm of the window's size, 9 to 15. */
  readonly windowBits: number;
  /** 1 (little memory, slow) to 9. */
  readonly memLevel?: number | undefined;
  /** 0 (none) to 9 (best compression). */
  readonly level?: number | undefined;
  readonly strategy?: number | undefined;
  /** The size of the buffers that output is written to, in bytes. */
  readonly chunkSize?: number | undefined;
  /** Bytes that the first back-references may point to. */
  readonly dictionary?: NodeJS.ArrayBufferView | ArrayBuffer | undefined;
  /** The most that one call of {@link ZlibEngine.run} may make, in bytes, or little more. */
  readonly maxOutputLength?: number | undefined;
}

/** The options as minizlib's types have them. */
type ZlibOptions = ConstructorParameters<typeof DeflateRaw>[0] & NodeOptions;

/** Takes output as it is made; false stops the rest of it from being made. */
export type TakeOutput = (chunk: Buffer) => boolean;

/** What a stream of `node:zlib` has beyond what its types tell. */
type Handle = Deflate | Inflate;

const NOTHING = Buffer.alloc(0);

/**
 * A zlib stream of which each call ends at a byte boundary with all output given. One call at a time.
 * After an error it is of no use any more.
 */
export class ZlibEngine {
  readonly #zlib: DeflateRaw | InflateRaw;
  readonly #forgets: boolean;
  /** What a call has made: most make one chunk. */
  #output: Buffer = NOTHING;
  #chunks: Buffer[] | undefined = undefined;
  #failure: Error | undefined = undefined;
  #failed: ((error: Error) => void) | undefined = undefined;
  #consumed = 0;
  #closed = false;

  /** @param forgets whether each flush empties the window */
  private constructor(zlib: DeflateRaw | InflateRaw, forgets: boolean) {
    this.#zlib = zlib;
    this.#forgets = forgets;
    zlib.on('data', (chunk: Buffer) => {
      this.#collect(chunk);
    });
    zlib.on('error', (error: unknown) => {
      this.#closed = true;
      this.#failure = error as Error;
      this.#failed?.(error as Error);
    });
  }

  /** An engine that compresses, and may point back to what it has compressed before. */
  static deflate(options: EngineOptions): ZlibEngine {
    return inNoContext(
      () => new ZlibEngine(new DeflateRaw({ ...definedOf(options), flush: constants.Z_SYNC_FLUSH }), false),
    );
  }

  /** One of which each call begins with an empty window, as if the engine were new (Z_FULL_FLUSH). It costs less than a reset. */
  static deflateEachAlone(options: EngineOptions): ZlibEngine {
    return inNoContext(
      () => new ZlibEngine(new DeflateRaw({ ...definedOf(options), flush: constants.Z_FULL_FLUSH }), true),
    );
  }

  /** An engine that decompresses. */
  static inflate(options: EngineOptions): ZlibEngine {
    return inNoContext(
      () => new ZlibEngine(new InflateRaw({ ...definedOf(options), flush: constants.Z_SYNC_FLUSH }), false),
    );
  }

  /** How many bytes of the last call's input were used: less than all where the stream has ended (BFINAL). */
  get consumed(): number {
    return this.#consumed;
  }

  /** Whether it cannot be used any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Runs on the spot.
   *
   * @throws the error of zlib, with its `code`; `ERR_BUFFER_TOO_LARGE` for what is longer than `maxOutputLength`
   */
  run(input: Uint8Array): Buffer {
    this.#zlib.write(input);
    this.#consumed = this.#handle?.bytesWritten ?? 0;
    const output = this.#output;
    const chunks = this.#chunks;
    this.#output = NOTHING;
    this.#chunks = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return chunks === undefined ? output : Buffer.concat(chunks);
  }

  /** Runs on the thread pool. `done` is called once, later; what `take` gives up on ends the engine. */
  runLater(input: Uint8Array, take: TakeOutput, done: (error: Error | null) => void): void {
    const handle = this.#handle;
    if (handle === undefined) {
      nextTick(done, new Error('The engine is closed'));
      return;
    }
    const before = handle.bytesWritten;
    const finish = (error: Error | null): void => {
      if (this.#failed === undefined) return;
      this.#failed = undefined;
      // What lies ready is still to be taken: zlib is done once it has made the last of it.
      if (handle.isPaused() && !this.#closed) {
        handle.read();
        handle.resume();
      }
      handle.removeListener('data', onData).removeListener('close', onClose);
      this.#consumed = handle.bytesWritten - before;
      // A block with BFINAL ends the stream for Node; what is left of the input begins another one.
      if (this.#consumed < input.length) this.#closed = true;
      done(error);
    };
    const onData = (chunk: Buffer): void => {
      if (take(chunk)) return;
      this.close();
      finish(null);
    };
    // Who closes it meanwhile hears no more of it from zlib, where the work fails.
    const onClose = (): void => {
      finish(null);
    };
    this.#failed = finish;
    handle.on('data', onData).once('close', onClose);
    // Each write ends with the flush that the stream was made with: one way to the thread pool and back.
    handle.write(input, (error) => {
      finish(error ?? null);
    });
  }

  /** Makes no more than a buffer of what {@link ZlibEngine.runLater} still has to make. */
  pause(): void {
    this.#handle?.pause();
  }

  /** Goes on after {@link ZlibEngine.pause}. */
  resume(): void {
    this.#handle?.resume();
  }

  /** Empties its window: the next call begins a stream. */
  forget(): void {
    if (!this.#forgets) this.#zlib.reset();
  }

  /** Frees its memory. */
  close(): void {
    this.#closed = true;
    this.#zlib.close();
  }

  #collect(chunk: Buffer): void {
    if (this.#output === NOTHING) this.#output = chunk;
    else (this.#chunks ??= [this.#output]).push(chunk);
  }

  get #handle(): Handle | undefined {
    return this.#zlib.handle as Handle | undefined;
  }
}

/** zlib takes an option that is undefined for a wrong one. */
function definedOf(options: EngineOptions): ZlibOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
