// The segments of a batch before its last one.
import { Buffer } from 'node:buffer';
import { Segment } from './slab.ts';

/** A stream calls this when it has written the bytes, or with an error. */
export type Written = (error?: Error | null) => void;

/** Segments that no longer grow, each with the callback of its write. */
export class ClosedSegments {
  readonly all: { readonly segment: Segment; readonly written: Written | undefined }[] = [];
  /** In bytes. */
  length = 0;

  add(segment: Segment, written: Written | undefined): void {
    this.all.push({ segment, written });
    this.length += segment.length;
  }

  /** Copies all of them into one segment of the slab, and releases them. Requires at most `SLAB_SIZE` bytes. */
  joinInSlab(): Segment {
    const whole = Segment.begin(this.length);
    for (const { segment } of this.all) {
      whole.memory.set(segment.content, whole.end);
      whole.grow(whole.end + segment.length);
    }
    whole.close();
    this.#release();
    return whole;
  }

  /** Copies all of them into memory of their own, and releases them. */
  join(): Segment {
    // The length must be exact, because `Buffer.concat()` fills the rest of a longer buffer with zeros.
    const bytes = Buffer.concat(
      this.all.map(({ segment }) => segment.content),
      this.length,
    );
    this.#release();
    return Segment.of(bytes);
  }

  /** Calls all callbacks. A callback that has already been called does nothing. */
  settle(error?: Error | null): void {
    for (const { written } of this.all) written?.(error);
  }

  #release(): void {
    for (const { segment } of this.all) segment.release();
  }
}
