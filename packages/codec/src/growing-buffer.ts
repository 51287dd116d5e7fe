// Bytes that are gathered while they arrive: a buffer that grows with what it holds.
import { kernel } from '#kernels';

/** The smallest allocation, in bytes. */
const SMALLEST = 1024;
/** How many times the bytes it has to hold a buffer may be. More growth costs memory, less costs copies. */
const GROWTH = 4;

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
   */
  reserve(count: number, limit: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = kernel.allocate(Math.min(limit, Math.max(SMALLEST, needed * GROWTH)));
    if (this.length > 0) grown.set(kernel.view(this.bytes, 0, this.length));
    this.bytes = grown;
  }

  /** The content, as a view. */
  content(): Uint8Array {
    return kernel.view(this.bytes, 0, this.length);
  }
}
