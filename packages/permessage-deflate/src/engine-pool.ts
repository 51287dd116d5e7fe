// Engines without a context of their own: lent for one message, and then to the next connection.
import { DEFAULT_CONCURRENCY_LIMIT } from './concurrency.ts';
import { ZlibEngine, type EngineOptions } from './zlib-engine.ts';

/**
 * How many idle engines of a kind are kept: as many as are at work at a time by default. A compressor is 330 KB of fresh memory, by
 * zlib's formula and with its buffer. With two kept, and one held by each message that waited, an echo of 64 KiB on 16 connections
 * took 1,280 to 1,740 µs of CPU, now 420 to 740.
 */
const MAX_IDLE = DEFAULT_CONCURRENCY_LIMIT;

/** Engines of one direction and one set of options. */
export class EnginePool {
  readonly options: EngineOptions;
  readonly #make: () => ZlibEngine;
  readonly #idle: ZlibEngine[] = [];

  private constructor(options: EngineOptions, make: () => ZlibEngine) {
    this.options = options;
    this.#make = make;
  }

  /** The compressors with these options. */
  static deflate(options: EngineOptions): EnginePool {
    return find(
      'deflate',
      options,
      () => new EnginePool(options, () => ZlibEngine.deflateEachAlone(options)),
    );
  }

  /** The decompressors with these options. */
  static inflate(options: EngineOptions): EnginePool {
    return find('inflate', options, () => new EnginePool(options, () => ZlibEngine.inflate(options)));
  }

  /** An engine that knows of nothing that came before. Give it back. */
  lend(): ZlibEngine {
    return this.#idle.pop() ?? this.#make();
  }

  /** Takes an engine back, between two messages or in the middle of one that is given up. One that has failed is thrown away. */
  takeBack(engine: ZlibEngine): void {
    if (engine.isClosed) return;
    // A dictionary is gone after the first message.
    if (this.#idle.length >= MAX_IDLE || this.options.dictionary !== undefined) {
      engine.close();
      return;
    }
    // Else the next connection could point back to, or read, what this one has said.
    engine.forget();
    this.#idle.push(engine);
  }
}

/** The pools of the process. */
const pools = new Map<string, EnginePool>();

function find(direction: string, options: EngineOptions, make: () => EnginePool): EnginePool {
  if (options.dictionary !== undefined) return make();
  const { windowBits, memLevel, level, strategy, chunkSize, maxOutputLength } = options;
  const key = [direction, windowBits, memLevel, level, strategy, chunkSize, maxOutputLength].join();
  const pool = pools.get(key) ?? make();
  pools.set(key, pool);
  return pool;
}
