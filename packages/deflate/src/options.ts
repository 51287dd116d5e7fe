// What streams have in common: the window, the dictionary and the buffers of the output.
import type { Allocate, Engine } from './engine.ts';

/** Options of either direction. */
export interface StreamOptions {
  /** The base-2 logarithm of the window, from 8 to 15: how far back a match may lie. Default 15, 32 KiB. */
  readonly windowBits?: number | undefined;
  /** What the window holds at the start: both sides need the same. The last bytes count, as many as the window has. Default: nothing. */
  readonly dictionary?: Uint8Array | undefined;
  /** Makes the buffers that output is returned in, `Buffer.allocUnsafe` for example. It may not call this package. Default: a `Uint8Array` for each. */
  readonly allocate?: Allocate | undefined;
}

const SMALLEST_WINDOW = 8;
const LARGEST_WINDOW = 15;

/** @throws `RangeError` */
export function windowBitsOf({ windowBits = LARGEST_WINDOW }: StreamOptions): number {
  if (!Number.isInteger(windowBits) || windowBits < SMALLEST_WINDOW || windowBits > LARGEST_WINDOW) {
    throw new RangeError(`windowBits has to be an integer from 8 to 15, and is ${String(windowBits)}`);
  }
  return windowBits;
}

/** Puts what the window can hold of a dictionary into the input area; returns how many bytes. */
export function giveDictionary(engine: Engine, dictionary: Uint8Array, windowBits: number): number {
  const last = dictionary.subarray(-(2 ** windowBits));
  engine.give(last);
  return last.length;
}

/** What the window can hold of a dictionary, in a copy: the caller may change his. */
export function copyOfDictionary(
  dictionary: Uint8Array | undefined,
  windowBits: number,
): Uint8Array | undefined {
  return dictionary && new Uint8Array(dictionary.subarray(-(2 ** windowBits)));
}
