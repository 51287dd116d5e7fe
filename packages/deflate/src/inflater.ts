// Decompression: of a stream in chunks, or of a whole message in one call, within a limit.
import { joined } from './chunks.ts';
import { ContextMemory } from './context-memory.ts';
import { DeflateError, errorOfRule } from './deflate-error.ts';
import { CAPACITY, engine, type Allocate, type Engine } from './engine.ts';
import { copyOfDictionary, giveDictionary, windowBitsOf, type StreamOptions } from './options.ts';
import { ringBitsFor } from './ring-bits.ts';

/** Options of {@link Inflater}. */
export type InflaterOptions = StreamOptions;

/** Options of {@link inflate}. */
export interface InflateOptions extends InflaterOptions {
  /** The most bytes to produce. Default: no limit. */
  readonly limit?: number | undefined;
  /** Bytes to read after the data, such as those that RFC 7692 §7.2.2 appends to a message. Default: none. */
  readonly tail?: Uint8Array | undefined;
}

/** The result of a call. */
export interface Inflated {
  /** The decompressed bytes. They belong to the caller. */
  readonly data: Uint8Array;
  /** How many bytes were read, including those of the tail. */
  readonly consumed: number;
  /**
   * Why the call stopped.
   *
   * - `'input'`: it read all input, and the stream goes on.
   * - `'limit'`: it reached the limit, and there is more output. Pass the unread bytes again.
   * - `'end'`: the stream ended (BFINAL). The unread bytes follow it.
   */
  readonly stopped: 'input' | 'limit' | 'end';
}

// Values of `assembly/outcome.ts`.
const NEEDS_OUTPUT = 2;
const ENDED = 3;

const CONTEXT_SIZE = 512;
const NOTHING = new Uint8Array(0);

/** Decompresses a stream. It holds engine memory until it is closed. */
export class Inflater {
  readonly #engine: Engine;
  readonly #windowBits: number;
  readonly #allocate: Allocate | undefined;
  readonly #dictionary: Uint8Array | undefined;
  readonly #memory: ContextMemory;
  /** The ring has a block of its own, because it grows. */
  #ring: ContextMemory;
  #ringBits: number;
  #address: number;

  /** @throws `RangeError` for an invalid window; {@link DeflateError} with `ERR_DEFLATE_OUT_OF_MEMORY` */
  constructor(options: InflaterOptions = {}) {
    this.#windowBits = windowBitsOf(options);
    this.#allocate = options.allocate;
    this.#dictionary = copyOfDictionary(options.dictionary, this.#windowBits);
    const used = (this.#engine = engine());
    this.#ringBits = ringBitsFor(this.#dictionary?.length ?? 0, this.#windowBits);
    this.#memory = new ContextMemory(used.blocks, [CONTEXT_SIZE]);
    try {
      this.#ring = new ContextMemory(used.blocks, [2 ** this.#ringBits]);
    } catch (error) {
      this.#memory.release();
      throw error;
    }
    this.#address = this.#memory.addresses[0] as number;
    used.exports.createInflate(
      this.#address,
      this.#ring.addresses[0] as number,
      this.#ringBits,
      this.#windowBits,
    );
    this.#begin();
  }

  /**
   * Decompresses the next bytes of the stream.
   *
   * @param limit the most bytes to produce
   * @param tail bytes to read after the data
   * @throws {@link DeflateError} for an invalid stream, and then for each call until `reset()`. With `ERR_DEFLATE_CLOSED` after
   * `close()`. With `ERR_DEFLATE_OUT_OF_MEMORY`, which also closes the context
   */
  inflate(data: Uint8Array, limit = Infinity, tail: Uint8Array = NOTHING): Inflated {
    if (this.#address === 0) throw new DeflateError('CLOSED');
    return run(this.#engine, this.#address, data, tail, limit, this.#remember, this.#allocate);
  }

  /** Starts a new stream with the same options. */
  reset(): void {
    if (this.#address === 0) throw new DeflateError('CLOSED');
    this.#engine.exports.resetInflateContext(this.#address);
    this.#begin();
  }

  /** Returns the memory to the engine. A second call does nothing. */
  close(): void {
    if (this.#address === 0) return;
    this.#address = 0;
    this.#memory.release();
    this.#ring.release();
  }

  #begin(): void {
    if (this.#dictionary === undefined) return;
    const length = giveDictionary(this.#engine, this.#dictionary, this.#windowBits);
    this.#engine.exports.rememberInput(this.#address, length);
  }

  /** Adds the output of a step to the window. */
  readonly #remember = (made: number): void => {
    const { exports } = this.#engine;
    if (this.#ringBits < this.#windowBits) {
      const ringBits = ringBitsFor(exports.historyLength(this.#address) + made, this.#windowBits);
      if (ringBits > this.#ringBits) {
        const ring = this.#takeRing(ringBits);
        exports.growInflate(this.#address, ring.addresses[0] as number, ringBits);
        this.#ring.release();
        this.#ring = ring;
        this.#ringBits = ringBits;
      }
    }
    exports.rememberOutput(this.#address, made);
  };

  /** Closes the context if there is no memory: the input has been read, so the stream cannot go on. */
  #takeRing(ringBits: number): ContextMemory {
    try {
      return new ContextMemory(this.#engine.blocks, [2 ** ringBits]);
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

/**
 * Decompresses a message that stands alone. If it stops at the limit, the rest is lost.
 *
 * @throws {@link DeflateError} for an invalid stream, `RangeError` for an invalid window or limit
 */
export function inflate(data: Uint8Array, options: InflateOptions = {}): Inflated {
  const { dictionary, limit = Infinity, tail = NOTHING, allocate } = options;
  const windowBits = windowBitsOf(options);
  const used = engine();
  const address = used.exports.sharedInflateContext(windowBits);
  if (dictionary !== undefined) {
    used.exports.rememberInput(address, giveDictionary(used, dictionary, windowBits));
  }
  return run(used, address, data, tail, limit, undefined, allocate);
}

/**
 * Decompresses in steps that fit the areas.
 *
 * @param remember adds the output of a step to the window of a stream; `undefined` for a message that stands alone
 */
function run(
  engine: Engine,
  address: number,
  data: Uint8Array,
  tail: Uint8Array,
  limit: number,
  remember: ((made: number) => void) | undefined,
  allocate: Allocate | undefined,
): Inflated {
  // The output length would never equal a fraction or NaN.
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 0)) {
    throw new RangeError(`limit must be a non-negative integer or Infinity, not ${String(limit)}`);
  }
  const total = data.length + tail.length;
  let chunks: Uint8Array[] | undefined;
  let consumed = 0;
  let made = 0;
  while (true) {
    const given = give(engine, data, tail, consumed);
    const isAll = consumed + given === total;
    const room = Math.min(CAPACITY, limit - made);
    const outcome = engine.exports.inflate(address, given, room);
    if (outcome < 0) throw errorOfRule(outcome);
    consumed += engine.read;
    made += engine.made;
    const isOver = outcome === ENDED || (outcome === NEEDS_OUTPUT ? made >= limit : isAll);
    if (remember !== undefined) remember(engine.made);
    else if (!isOver) engine.exports.rememberOutput(address, engine.made);
    if (isOver && chunks === undefined) {
      return { data: engine.take(made, allocate), consumed, stopped: stoppedBy(outcome) };
    }
    (chunks ??= []).push(engine.take(engine.made, undefined));
    if (isOver) return { data: joined(chunks, allocate), consumed, stopped: stoppedBy(outcome) };
  }
}

/** Copies the next bytes into the input area, the tail after the data. Returns how many. */
function give(engine: Engine, data: Uint8Array, tail: Uint8Array, from: number): number {
  const ofData = Math.max(data.length - from, 0);
  const fits = ofData <= CAPACITY;
  const given = fits ? ofData : CAPACITY;
  engine.give(from === 0 && fits ? data : data.subarray(from, from + given));
  const start = Math.max(from - data.length, 0);
  const ofTail = Math.min(tail.length - start, CAPACITY - given);
  if (ofTail > 0 && fits) {
    engine.give(tail.subarray(start, start + ofTail), given);
    return given + ofTail;
  }
  return given;
}

function stoppedBy(outcome: number): Inflated['stopped'] {
  return outcome === ENDED ? 'end' : outcome === NEEDS_OUTPUT ? 'limit' : 'input';
}
