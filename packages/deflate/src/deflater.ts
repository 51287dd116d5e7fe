// Compression: of a stream in chunks, or of a whole message in one call.
import { joined } from './chunks.ts';
import { ContextMemory } from './context-memory.ts';
import { DeflateError } from './deflate-error.ts';
import { CAPACITY, engine, type Allocate, type Engine } from './engine.ts';
import { isChained, levelOf, type Level } from './levels.ts';
import { copyOfDictionary, giveDictionary, windowBitsOf, type StreamOptions } from './options.ts';
import { ringBitsFor } from './ring-bits.ts';

/**
 * How the output of a call ends.
 *
 * - `'none'`: anywhere. The last bits may be held back until the next call.
 * - `'sync'`: with an empty stored block (`00 00 ff ff`), so that everything passed so far can be inflated.
 * - `'finish'`: the stream ends (BFINAL).
 */
export type Flush = 'none' | 'sync' | 'finish';

/** Options of {@link Deflater}. */
export interface DeflaterOptions extends StreamOptions {
  /** 0 for no compression, 1 for the least work, 9 for the shortest output. Default 6. */
  readonly level?: number | undefined;
}

/** Options of {@link deflate}. */
export interface DeflateOptions extends DeflaterOptions {
  /** How the output ends. Default `'finish'`. */
  readonly flush?: 'sync' | 'finish' | undefined;
}

/** `Flush` of `assembly/deflate.ts`. */
const FLUSH = { none: 0, sync: 1, finish: 2 } as const satisfies Record<Flush, number>;

/** Input that exceeds the input area is compressed in steps that each fit one stored block (RFC 1951 §3.2.4). */
const STEP = 65_535;
const CONTEXT_SIZE = 64;
/** The base-2 logarithms of the sizes of a context's hash tables, for hashes of six and of four bytes. An entry has two bytes. */
const LONG_BITS = 12;
const SHORT_BITS = 11;
/** Windows up to this size have tables half as large. The context is much smaller, and messages are only slightly longer. */
const SMALL_WINDOW_BITS = 12;
/** The bounds of these logarithms in {@link deflate}, which needs no more entries than its input has positions. */
const FEWEST_BITS = 8;
const MOST_BITS = 14;

/** A compressed stream. It holds engine memory until it is closed. */
export class Deflater {
  readonly #engine: Engine;
  readonly #level: Level;
  readonly #windowBits: number;
  readonly #allocate: Allocate | undefined;
  readonly #dictionary: Uint8Array | undefined;
  #memory: ContextMemory;
  #address: number;
  #ringBits: number;
  #isFinished = false;

  /**
   * @throws `RangeError` for an invalid level or window; {@link DeflateError} with `ERR_DEFLATE_OUT_OF_MEMORY`
   */
  constructor(options: DeflaterOptions = {}) {
    this.#level = levelOf(options.level);
    this.#windowBits = windowBitsOf(options);
    this.#allocate = options.allocate;
    this.#dictionary = copyOfDictionary(options.dictionary, this.#windowBits);
    this.#engine = engine();
    this.#ringBits = ringBitsFor(this.#dictionary?.length ?? 0, this.#windowBits);
    this.#memory = createContext(this.#engine, this.#ringBits, this.#windowBits, this.#level);
    this.#address = this.#memory.addresses[0] as number;
    this.#begin();
  }

  /**
   * Compresses the next bytes of the stream. The returned bytes belong to the caller.
   *
   * @throws {@link DeflateError} with `ERR_DEFLATE_CLOSED`, `ERR_DEFLATE_FINISHED` or `ERR_DEFLATE_OUT_OF_MEMORY`, which leaves the
   * stream unchanged
   */
  deflate(data: Uint8Array, flush: Flush = 'none'): Uint8Array {
    this.#prepareFor(data.length);
    const output = run(this.#engine, this.#address, this.#level, data, FLUSH[flush], true, this.#allocate);
    this.#isFinished = flush === 'finish';
    return output;
  }

  /**
   * Compresses the next bytes and flushes (`'sync'`) if the output takes at most `limit` bytes. Otherwise returns `undefined` and
   * leaves the stream unchanged.
   *
   * @throws `RangeError` for more than 64 KiB of data, and whatever {@link deflate} throws
   */
  deflateWithin(data: Uint8Array, limit: number): Uint8Array | undefined {
    this.#prepareFor(data.length);
    this.#engine.give(data);
    const made = step(this.#engine, this.#address, this.#level, data.length, FLUSH.sync);
    if (made > limit) return undefined;
    this.#engine.exports.commitDeflate(this.#address, data.length);
    return this.#engine.take(made, this.#allocate);
  }

  /**
   * Adds to the window bytes that were compressed elsewhere. The receiver must have them in its window at the same place in the
   * stream. Call it only after a flush.
   */
  remember(data: Uint8Array): void {
    this.#prepareFor(data.length);
    const length = giveDictionary(this.#engine, data, this.#windowBits);
    this.#engine.exports.learn(this.#address, length);
  }

  /** Returns a copy of the last bytes of the window, at most `length`. */
  history(length = Infinity): Uint8Array {
    if (this.#address === 0) throw new DeflateError('CLOSED');
    this.#engine.mustBeFree();
    const { exports } = this.#engine;
    const copied = Math.min(length, exports.historyLength(this.#address));
    exports.copyHistory(this.#address, copied);
    return this.#engine.take(copied, this.#allocate);
  }

  /** Starts a new stream with the same options. It does not refer to earlier data. */
  reset(): void {
    if (this.#address === 0) throw new DeflateError('CLOSED');
    this.#isFinished = false;
    this.#engine.exports.resetDeflateContext(this.#address);
    this.#begin();
  }

  /** Returns the memory to the engine. A second call does nothing. */
  close(): void {
    if (this.#address === 0) return;
    this.#address = 0;
    this.#memory.release();
  }

  #begin(): void {
    if (this.#dictionary === undefined) return;
    const length = giveDictionary(this.#engine, this.#dictionary, this.#windowBits);
    this.#engine.exports.learn(this.#address, length);
  }

  /** Makes the ring large enough for `length` more bytes. */
  #prepareFor(length: number): void {
    if (this.#address === 0) throw new DeflateError('CLOSED');
    if (this.#isFinished) throw new DeflateError('FINISHED');
    if (this.#ringBits === this.#windowBits) return;
    const { exports } = this.#engine;
    const ringBits = ringBitsFor(exports.historyLength(this.#address) + length, this.#windowBits);
    if (ringBits <= this.#ringBits) return;
    this.#engine.mustBeFree();
    const memory = createContext(this.#engine, ringBits, this.#windowBits, this.#level);
    const address = memory.addresses[0] as number;
    exports.moveDeflate(this.#address, address);
    this.#memory.release();
    this.#memory = memory;
    this.#address = address;
    this.#ringBits = ringBits;
  }
}

function createContext(engine: Engine, ringBits: number, windowBits: number, level: Level): ContextMemory {
  const fewer = windowBits <= SMALL_WINDOW_BITS ? 1 : 0;
  const longBits = Math.min(LONG_BITS - fewer, ringBits);
  const shortBits = Math.min(SHORT_BITS - fewer, ringBits);
  const sizes = [CONTEXT_SIZE, 2 ** ringBits, 2 * 2 ** longBits, 2 * 2 ** shortBits];
  const memory = new ContextMemory(engine.blocks, sizes);
  const [context, ring, longHeads, shortHeads] = memory.addresses as [number, number, number, number];
  engine.exports.createDeflate(
    context,
    ring,
    ringBits,
    longHeads,
    longBits,
    shortHeads,
    shortBits,
    isChained(level),
  );
  return memory;
}

/**
 * Compresses a message that stands alone.
 *
 * @throws `RangeError` for an invalid level or window
 * @example
 * deflate(data, { flush: 'sync' }).subarray(0, -4); // a message of permessage-deflate
 */
export function deflate(data: Uint8Array, options: DeflateOptions = {}): Uint8Array {
  const { dictionary, flush = 'finish', allocate } = options;
  const level = levelOf(options.level);
  const windowBits = windowBitsOf(options);
  const used = engine();
  const hashBits = Math.min(MOST_BITS, Math.max(FEWEST_BITS, 32 - Math.clz32(data.length)));
  const address = used.exports.sharedDeflateContext(windowBits, hashBits, isChained(level));
  if (dictionary !== undefined) {
    used.exports.learn(address, giveDictionary(used, dictionary, windowBits));
  }
  return run(used, address, level, data, FLUSH[flush], false, allocate);
}

/** Compresses in steps that fit the input area. */
function run(
  engine: Engine,
  address: number,
  level: Level,
  data: Uint8Array,
  flush: number,
  keep: boolean,
  allocate: Allocate | undefined,
): Uint8Array {
  if (data.length <= CAPACITY) {
    engine.give(data);
    const made = step(engine, address, level, data.length, flush);
    if (keep) engine.exports.commitDeflate(address, data.length);
    return engine.take(made, allocate);
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += STEP) {
    const chunk = data.subarray(at, at + STEP);
    engine.give(chunk);
    const made = step(engine, address, level, chunk.length, at + STEP >= data.length ? flush : FLUSH.none);
    engine.exports.commitDeflate(address, chunk.length);
    chunks.push(engine.take(made, undefined));
  }
  return joined(chunks, allocate);
}

function step(
  { exports }: Engine,
  address: number,
  { search, depth, nice, lazyBelow }: Level,
  length: number,
  flush: number,
): number {
  return exports.deflate(address, length, flush, search, depth, nice, lazyBelow);
}
