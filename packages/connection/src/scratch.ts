// Memory for one long frame at a time, for all connections of the process: used again as soon as the kernel has the bytes. Where
// the kernel's pages are dear, a client's sends of 64 KiB take a sixth and of 1 MiB a tenth of what they take in fresh memory.
import { Buffer } from 'node:buffer';

/** The longest piece that is kept, in bytes: longer frames are rare. */
const LONGEST = 2 * 1024 * 1024;

let free: Buffer | undefined;

/** Memory of at least so many bytes. Give it back, or don't, where somebody may still read it. */
export function borrowScratch(size: number): Buffer {
  const memory = free;
  free = undefined;
  if (memory !== undefined && memory.length >= size) return memory;
  // Sizes that grow from one frame to the next would have new memory each time.
  return Buffer.allocUnsafeSlow(size > LONGEST ? size : 2 ** Math.ceil(Math.log2(size)));
}

/** Nobody reads the bytes any more. */
export function returnScratch(memory: Buffer): void {
  if (memory.length <= LONGEST) free = memory;
}
