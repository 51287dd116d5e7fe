// Options of both directions: the window, the dictionary and the output buffers.
import type { Allocate, Engine } from './engine.ts';

/** Options of both directions. */
export interface StreamOptions {
  /** The base-2 logarithm of the window size, from 8 to 15: how far back a match may point. Default 15 (32 KiB). */
  readonly windowBits?: number | undefined;
  /** The initial contents of the window. Both sides need the same. Only the last bytes that fit are used. Default: empty. */
  readonly dictionary?: Uint8Array | undefined;
  /** Allocates the output buffers, for example `Buffer.allocUnsafe`. It must not call this package. Default: a new `Uint8Array`. */
  readonly allocate?: Allocate | undefined;
}

const SMALLEST_WINDOW = 8;
const LARGEST_WINDOW = 15;

/** @throws `RangeError` */
export function windowBitsOf({ windowBits = LARGEST_WINDOW }: StreamOptions): number {
  if (!Number.isInteger(windowBits) || windowBits < SMALLEST_WINDOW || windowBits > LARGEST_WINDOW) {
    throw new RangeError(`windowBits must be an integer from 8 to 15, not ${String(windowBits)}`);
  }
  return windowBits;
}

/** Copies the part of a dictionary that fits the window into the input area. Returns its length. */
export function giveDictionary(engine: Engine, dictionary: Uint8Array, windowBits: number): number {
  const last = dictionary.subarray(-(2 ** windowBits));
  engine.give(last);
  return last.length;
}

/** Copies the part of a dictionary that fits the window, because the caller may change the original. */
export function copyOfDictionary(
  dictionary: Uint8Array | undefined,
  windowBits: number,
): Uint8Array | undefined {
  return dictionary && new Uint8Array(dictionary.subarray(-(2 ** windowBits)));
}
