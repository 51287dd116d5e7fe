// A buffer that grows while bytes are added.
import { kernel } from '#kernels';

/** The smallest allocation, in bytes. */
const SMALLEST = 1024;
/**
 * The size of a new allocation, as a multiple of its content. A larger factor costs memory, a smaller one costs copies. If the engine
 * refuses a larger one, the next smaller one is tried.
 */
const GROWTH = [4, 2, 1.25];
/**
 * Once 1/17 of the announced length has arrived, all of it is allocated, which saves the last and largest copies. A socket delivers
 * chunks of 64 KiB, so a message of 1 MiB is allocated only once (benchmark scenarios `echo-1m` and `echo-64m`).
 */
const MAX_ANNOUNCED_RATIO = 17;

const EMPTY = new Uint8Array(0);

/** A buffer whose memory is bounded by its content, not by the length that the peer announced. */
export class GrowingBuffer {
  /** The memory. Its first {@link GrowingBuffer.length} bytes are the content. */
  bytes: Uint8Array = EMPTY;
  /** The length of the content, in bytes. */
  length = 0;

  /**
   * Makes room for `count` bytes after the content.
   *
   * @param limit the largest length of the content, in bytes
   * @param announced the final length of the content, if that is known
   * @returns false if the engine cannot allocate that much memory at once (4 GiB on Node 20). Then nothing has changed.
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

  /** Returns the content, as a view. */
  content(): Uint8Array {
    return kernel.view(this.bytes, 0, this.length);
  }
}

function allocateRoom(needed: number, limit: number, announced = Infinity): Uint8Array | undefined {
  const sizes = GROWTH.map((growth) => Math.min(limit, Math.max(SMALLEST, Math.ceil(needed * growth))));
  if (announced <= needed * MAX_ANNOUNCED_RATIO) sizes.unshift(announced);
  for (const size of sizes) {
    try {
      return kernel.allocate(size);
    } catch {
      // Try the next size, which is smaller.
    }
  }
  return undefined;
}
