// Memory for one long frame at a time, for all connections of the process: used again as soon as the kernel has the bytes. Fresh
// memory costs what the kernel's pages do, which differs with the allocator and the machine: a client's sends of 1 MiB took between
// 1.6 and 10 times as long in it. One piece of each size is kept, 4 MiB in all.
import { Buffer } from 'node:buffer';
import { MAX_HEADER_SIZE } from '@framewire/codec';

/** The longest payload, in bytes, that memory is lent for: longer ones are rare. */
export const LONGEST_LENT = 2 * 1024 * 1024;

/** The kept pieces, by the power of two that their payload's room is: a frame that has to wait holds no more than twice its size. */
const kept: (Buffer | undefined)[] = [];

/** Memory for the frame of a payload of so many bytes, at most {@link LONGEST_LENT}. To be returned, unless somebody may still read it. */
export function borrowScratch(length: number): Buffer {
  const power = Math.ceil(Math.log2(length));
  const memory = kept[power];
  kept[power] = undefined;
  return memory ?? Buffer.allocUnsafeSlow(MAX_HEADER_SIZE + 2 ** power);
}

/** Nobody reads the bytes any more. */
export function returnScratch(memory: Buffer): void {
  kept[Math.log2(memory.length - MAX_HEADER_SIZE)] = memory;
}
