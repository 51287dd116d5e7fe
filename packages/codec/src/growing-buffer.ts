// Bytes that are gathered while they arrive: a buffer that grows with what it holds.
import { kernel } from '#kernels';

/** The smallest allocation, in bytes. */
const SMALLEST = 1024;
/**
 * How many times the bytes it has to hold a buffer may be: more growth costs memory, less costs copies. The
 * smaller ones are for when the engine refuses the larger; below the last the copies would be quadratic.
 */
const GROWTH = [4, 2, 1.25];
/**
 * From this part of the length that is announced on, the last allocation is made: another copy of nearly all of it would cost
 * as much as everything before (64 MiB in chunks of 64 KiB: a third of the time, measured). 1 MiB is thus allocated once, with
 * the first chunk of a socket: an echo of it takes 8 % less than with an eighth, on Node 24, where each allocation that is
 * large brings the collector nearer.
 */
const LAST_STEP = 17;

const EMPTY = new Uint8Array(0);

/** A buffer whose memory is bounded by what was put into it, not by what somebody announced. */
export class GrowingBuffer {
  /** The memory: its first {@link GrowingBuffer.length} bytes are the content. */
  bytes: Uint8Array = EMPTY;
  /** How many bytes are in it. */
  length = 0;

  /**
   * Makes room for `count` more bytes at the end.
   *
   * @param limit the length, in bytes, that the content will never pass
   * @param announced the length that it will have if all goes well, where that is known. Default: unknown.
   * @returns false when the engine does not give so much memory in one piece (4 GiB on Node 20): nothing has changed
   */
  reserve(count: number, limit: number, announced?: number): boolean {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return true;
    const grown = allocateRoom(needed, limit, announced);
    if (grown === undefined) return false;
    if (this.length > 0) grown.set(this.content());
    this.bytes = grown;
    return true;
  }

  /** The content, as a view. */
  content(): Uint8Array {
    return kernel.view(this.bytes, 0, this.length);
  }
}

function allocateRoom(needed: number, limit: number, announced = Infinity): Uint8Array | undefined {
  const sizes = GROWTH.map((growth) => Math.min(limit, Math.max(SMALLEST, Math.ceil(needed * growth))));
  if (announced <= needed * LAST_STEP) sizes.unshift(announced);
  for (const size of sizes) {
    try {
      return kernel.allocate(size);
    } catch {
      // The next one is smaller.
    }
  }
  return undefined;
}
