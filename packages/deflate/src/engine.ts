// The only instance of the WebAssembly module in a process, with its memory and the areas that calls read and write.
import { BlockPool } from './block-pool.ts';
import { DeflateError } from './deflate-error.ts';
import { MODULE } from './generated/module.ts';
import { bytesOf } from './module-text.ts';

/** The exports of `assembly/index.ts`. */
export interface Exports {
  readonly memory: Memory;
  initialize(): void;
  inputArea(): number;
  outputArea(): number;
  resultArea(): number;
  sharedInflateContext(windowBits: number): number;
  sharedDeflateContext(windowBits: number, hashBits: number, isChained: boolean): number;
  createInflate(at: number, ring: number, ringBits: number, windowBits: number): void;
  createDeflate(
    at: number,
    ring: number,
    ringBits: number,
    longHeads: number,
    longBits: number,
    shortHeads: number,
    shortBits: number,
    isChained: boolean,
  ): void;
  inflate(at: number, length: number, room: number): number;
  rememberOutput(at: number, length: number): void;
  rememberInput(at: number, length: number): void;
  growInflate(at: number, ring: number, ringBits: number): void;
  resetInflateContext(at: number): void;
  historyLength(at: number): number;
  copyHistory(at: number, length: number): void;
  deflate(
    at: number,
    length: number,
    flush: number,
    search: number,
    depth: number,
    nice: number,
    lazyBelow: number,
  ): number;
  commitDeflate(at: number, length: number): void;
  moveDeflate(from: number, to: number): void;
  resetDeflateContext(at: number): void;
  learn(at: number, length: number): void;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly that is used here. TypeScript declares it only with the DOM types. */
interface WebAssemblyNamespace {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
}

declare const WebAssembly: WebAssemblyNamespace;

const PAGE = 65_536;
/** The most bytes that a call reads or produces: `INPUT_CAPACITY` and `OUTPUT_CAPACITY` of `assembly/areas.ts`. */
export const CAPACITY = 65_536;

/** Allocates a buffer of at least `length` bytes for output. Its contents are overwritten. */
export type Allocate = (length: number) => Uint8Array;

/** An instance of the module. */
export class Engine {
  readonly exports: Exports;
  readonly blocks: BlockPool;
  readonly #inputAddress: number;
  readonly #outputAddress: number;
  readonly #resultAddress: number;
  /** Views of the areas alone, so that no write can go past them. */
  #input!: Uint8Array;
  #output!: Uint8Array;
  #result!: Uint32Array;
  #isAllocating = false;

  constructor(module: string) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(module)));
    this.exports = exports as Exports;
    this.exports.initialize();
    this.#inputAddress = this.exports.inputArea();
    this.#outputAddress = this.exports.outputArea();
    this.#resultAddress = this.exports.resultArea();
    this.#createViews();
    this.blocks = new BlockPool((bytes) => this.#grow(bytes));
  }

  /** How many bytes the last call to inflate read. */
  get read(): number {
    return this.#result[0] as number;
  }

  /** How many bytes the last call to inflate produced. */
  get made(): number {
    return this.#result[1] as number;
  }

  /**
   * Copies bytes into the input area.
   *
   * @throws `RangeError` for more than {@link CAPACITY} bytes
   */
  give(bytes: Uint8Array, at = 0): void {
    this.mustBeFree();
    this.#input.set(bytes, at);
  }

  /** @throws {@link DeflateError} with `ERR_DEFLATE_BUSY` while the caller's `allocate` runs */
  mustBeFree(): void {
    if (this.#isAllocating) throw new DeflateError('BUSY');
  }

  /** Copies bytes out of the output area. */
  take(length: number, allocate: Allocate | undefined): Uint8Array {
    const output = this.#output.subarray(0, length);
    if (allocate === undefined) return output.slice();
    this.#isAllocating = true;
    try {
      const buffer = allocate(length);
      // The caller's function can return anything. `set` throws if the buffer is too short.
      buffer.set(output);
      return buffer.length === length ? buffer : buffer.subarray(0, length);
    } finally {
      this.#isAllocating = false;
    }
  }

  #grow(bytes: number): number {
    try {
      return this.exports.memory.grow(bytes / PAGE) * PAGE;
    } catch {
      throw new DeflateError('OUT_OF_MEMORY');
    } finally {
      this.#createViews();
    }
  }

  /** Creates the views again, because growing the memory detaches them. */
  #createViews(): void {
    const { buffer } = this.exports.memory;
    this.#input = new Uint8Array(buffer, this.#inputAddress, CAPACITY);
    this.#output = new Uint8Array(buffer, this.#outputAddress, CAPACITY + 1024);
    this.#result = new Uint32Array(buffer, this.#resultAddress, 2);
  }
}

let shared: Engine | undefined;

/** Returns the engine of the process, created on first use. */
export function engine(): Engine {
  return (shared ??= new Engine(MODULE));
}
