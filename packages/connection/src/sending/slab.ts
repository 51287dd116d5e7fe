// The memory that small frames are written into: one slab for all connections of the process. With a buffer for each frame, all of
// a turn in one `writev`, 16 short messages take a third more and 100 take three quarters more (`echo-64x16`, `push-64`).
import { Buffer } from 'node:buffer';

/** Room for some hundred small frames, and for the largest frame that is copied. */
export const SLAB_SIZE = 64 * 1024;

/** A piece of memory in which segments are handed out one behind the other. */
class Slab {
  readonly bytes: Buffer;
  /** Where the next segment begins. */
  used = 0;
  /** How many segments somebody may still be reading. */
  live = 0;

  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE)) {
    this.bytes = bytes;
  }
}

let current = new Slab();
let open: Segment | undefined;

/**
 * Bytes of one connection, side by side. It grows as long as no other connection writes; then it is closed, and its owner
 * begins another. Whoever wrote it out says so with {@link Segment.release}, or never, where the bytes may still be read:
 * only a slab of which every segment was released is written to again.
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
   * A new segment, to which `size` bytes can be written.
   *
   * @param size in bytes, at most {@link SLAB_SIZE}
   */
  static begin(size: number): Segment {
    if (current.used + size > SLAB_SIZE) current = new Slab();
    open = new Segment(current);
    return open;
  }

  /** Bytes that nobody writes to any more, as a segment that does not grow. */
  static of(bytes: Uint8Array): Segment {
    const segment = new Segment(new Slab(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)));
    segment.grow(bytes.length);
    return segment;
  }

  /** Whether it can grow by so many bytes. */
  hasRoom(size: number): boolean {
    return open === this && this.#end + size <= SLAB_SIZE;
  }

  /** The memory that the segment lies in. */
  get memory(): Buffer {
    return this.#slab.bytes;
  }

  /** Where the next byte goes, as an offset in {@link Segment.memory}. */
  get end(): number {
    return this.#end;
  }

  /** The segment's bytes, once they are complete: a view. */
  get content(): Buffer {
    return this.#slab.bytes.subarray(this.#start, this.#end);
  }

  /** The segment's bytes in memory of their own, and the segment released. */
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

  /** Takes what was written up to `end` into the segment. */
  grow(end: number): void {
    this.#end = end;
    this.#slab.used = end;
  }

  /** Ends the segment: the next one begins behind it. */
  close(): void {
    if (open === this) open = undefined;
  }

  /** Nobody reads the bytes any more: they have been copied to the kernel or elsewhere. */
  release(): void {
    if (--this.#slab.live === 0) this.#slab.used = 0;
  }
}
