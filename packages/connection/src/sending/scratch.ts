// A pool of memory for long frames, shared by all connections of the process. A frame borrows memory while the kernel copies it. New
// memory would be slower, because the kernel must map its pages first (benchmark scenario `client-1m`). The pool keeps one buffer of
// each size, 4 MiB in total.
import { Buffer } from 'node:buffer';
import { MAX_HEADER_SIZE } from '@framewire/codec';

/** The longest payload, in bytes, for which memory can be borrowed. */
export const LONGEST_BORROWED = 2 * 1024 * 1024;

/** The buffers in the pool, by the base-2 logarithm of the payload that they have room for. A buffer is at most twice the size of its frame. */
const kept: (Buffer | undefined)[] = [];

/**
 * Borrows memory for a frame.
 *
 * @param length of the payload, in bytes, at most {@link LONGEST_BORROWED}
 * @returns memory to pass to {@link returnScratch}, unless something may still read it
 */
export function borrowScratch(length: number): Buffer {
  const power = Math.ceil(Math.log2(length));
  const memory = kept[power];
  kept[power] = undefined;
  return memory ?? Buffer.allocUnsafeSlow(MAX_HEADER_SIZE + 2 ** power);
}

/** Returns memory to the pool. Nothing may read it any more. */
export function returnScratch(memory: Buffer): void {
  kept[Math.log2(memory.length - MAX_HEADER_SIZE)] = memory;
}
