// Engines without a context of their own: lent for one message, reset, and lent to the next connection.
import { ZlibEngine, type EngineOptions } from './zlib-engine.ts';

/** How many idle engines of a kind are kept; more are at work only while several messages are made by fragments or on the thread pool. */
const MAX_IDLE = 2;

/** Engines of one direction, by their options. */
export class EnginePool {
  readonly #make: (options: EngineOptions) => ZlibEngine;
  readonly #idle = new Map<string, ZlibEngine[]>();

  constructor(make: (options: EngineOptions) => ZlibEngine) {
    this.#make = make;
  }

  /** An engine that has seen nothing yet. Give it back with the same options. */
  lend(options: EngineOptions): ZlibEngine {
    return this.#idle.get(keyOf(options))?.pop() ?? this.#make(options);
  }

  /** Takes an engine back, in whatever state it is. */
  takeBack(engine: ZlibEngine, options: EngineOptions): void {
    if (engine.isClosed) return;
    const key = keyOf(options);
    const idle = this.#idle.get(key) ?? [];
    this.#idle.set(key, idle);
    // A dictionary is gone with a reset.
    if (idle.length >= MAX_IDLE || options.dictionary !== undefined) {
      engine.close();
      return;
    }
    engine.reset();
    idle.push(engine);
  }
}

function keyOf({ windowBits, memLevel, level, strategy, chunkSize }: EngineOptions): string {
  return [windowBits, memLevel, level, strategy, chunkSize].join();
}

/** The compressors of the process. */
export const deflatePool = new EnginePool((options) => ZlibEngine.deflate(options));
/** The decompressors of the process. */
export const inflatePool = new EnginePool((options) => ZlibEngine.inflate(options));
