// The memory that short frames are written into: one slab for all connections of the process. One slab makes sending faster than a
// buffer for each frame and one `writev` for each turn (benchmark scenarios `echo-64x16` and `push-64`).
import { Buffer } from 'node:buffer';

/** In bytes. Enough for a few hundred short frames, and for the longest frame that is copied. */
export const SLAB_SIZE = 64 * 1024;

/** Memory in which segments follow each other. */
class Slab {
  readonly bytes: Buffer;
  /** The offset at which the next segment starts. */
  used = 0;
  /** How many segments may still be read. */
  live = 0;

  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE)) {
    this.bytes = bytes;
  }
}

let current = new Slab();
let open: Segment | undefined;

/**
 * Consecutive bytes of one connection. A segment can grow until another connection starts one. Then the owner continues in a new
 * segment.
 *
 * Call {@link Segment.release} once, when nothing can read the bytes any more. A slab is written again only after all of its segments were
 * released.
 */
export class Segment {
  readonly #slab: Slab;
  readonly #start: number;
  #end: number;

  private constructor(slab: Slab) {
    this.#slab = slab;
    this.#start = slab.used;
    this.#end = slab.used;
    slab.live++;
  }

  /**
   * Returns a new segment that has room for `size` bytes.
   *
   * @param size in bytes, at most {@link SLAB_SIZE}
   */
  static begin(size: number): Segment {
    if (current.used + size > SLAB_SIZE) current = new Slab();
    open = new Segment(current);
    return open;
  }

  /** Returns a segment that consists of the given bytes and does not grow. The bytes must not change. */
  static of(bytes: Uint8Array): Segment {
    const segment = new Segment(new Slab(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
    segment.grow(bytes.length);
    return segment;
  }

  /** Whether the segment can grow by `size` bytes. */
  hasRoom(size: number): boolean {
    return open === this && this.#end + size <= SLAB_SIZE;
  }

  /** The memory that contains the segment. */
  get memory(): Buffer {
    return this.#slab.bytes;
  }

  /** The offset in {@link Segment.memory} at which the next byte goes. */
  get end(): number {
    return this.#end;
  }

  /** The bytes of the segment, as a view. */
  get content(): Buffer {
    return this.#slab.bytes.subarray(this.#start, this.#end);
  }

  /** Returns the bytes in memory of their own. Copies them and releases the segment, unless the segment fills its memory. */
  detach(): Buffer {
    const { content } = this;
    if (content.length === this.#slab.bytes.length) return content;
    const copy = Buffer.allocUnsafeSlow(content.length);
    copy.set(content);
    this.release();
    return copy;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds what was written before the offset `end`. */
  grow(end: number): void {
    this.#end = end;
    this.#slab.used = end;
  }

  /** Ends the segment. The next one starts after it. */
  close(): void {
    if (open === this) open = undefined;
  }

  /** The bytes are no longer read, because they have been copied to the kernel or elsewhere. */
  release(): void {
    if (--this.#slab.live === 0) this.#slab.used = 0;
  }
}
