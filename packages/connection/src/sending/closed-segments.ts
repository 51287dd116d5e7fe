// What a turn has gathered before the segment that grows.
import { Buffer } from 'node:buffer';
import { Segment } from './slab.ts';

/** What a stream calls when it has written a piece, or has failed to. */
export type Written = (error?: Error | null) => void;

/** The segments of a turn that do not grow any more, each with what is called when it has been written. */
export class ClosedSegments {
  readonly all: { readonly segment: Segment; readonly written: Written | undefined }[] = [];
  /** How many bytes they are. */
  length = 0;

  add(segment: Segment, written: Written | undefined): void {
    this.all.push({ segment, written });
    this.length += segment.length;
  }

  /** All of them side by side in the slab, released. For at most `SLAB_SIZE` bytes. */
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

  /** All of them side by side in memory of their own, released. */
  join(): Segment {
    // It fills with zeros what it has no bytes for.
    const bytes = Buffer.concat(
      this.all.map(({ segment }) => segment.content),
      this.length,
    );
    this.#release();
    return Segment.of(bytes);
  }

  /** Tells all senders: those that have been told ignore it. */
  settle(error?: Error | null): void {
    for (const { written } of this.all) written?.(error);
  }

  #release(): void {
    for (const { segment } of this.all) segment.release();
  }
}
