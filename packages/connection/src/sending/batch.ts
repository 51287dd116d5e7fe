// The frames that one connection has gathered this turn, if they are not only a shared run. A batch exists until it is written.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { MaskingKey } from '@framewire/codec';
import { ClosedSegments, type Written } from './closed-segments.ts';
import type { EncodedFrame } from './encoded-frame.ts';
import { MAX_COPIED, putFrame } from './frame-bytes.ts';
import { settling, type SendCallback } from './send-callback.ts';
import { SharedRun } from './shared-run.ts';
import { Segment } from './slab.ts';
import type { StreamWriter } from './stream-writer.ts';

/** Frames in the order in which they were sent, with the callbacks of their sends. */
export class Batch {
  /** The last segment, which may grow. */
  #segment: Segment | undefined = undefined;
  /** The segments before it. */
  #earlier: ClosedSegments | undefined = undefined;
  #callbacks: SendCallback[] | undefined = undefined;
  #written: Written | undefined = undefined;
  /** While other connections send the same frames, a run takes the place of the segments. */
  #run: SharedRun | undefined;
  /** How many bytes the stream held when the batch was created. */
  readonly held: number;

  /** @param run the frames that it has already */
  constructor(held: number, run: SharedRun | undefined) {
    this.held = held;
    this.#run = run;
  }

  /** In bytes. */
  get length(): number {
    return ((this.#run ?? this.#segment)?.length ?? 0) + (this.#earlier?.length ?? 0);
  }

  /** How many bytes are in the earlier segments. */
  get closedLength(): number {
    return this.#earlier?.length ?? 0;
  }

  /** Adds a callback. It is called when everything that is in the batch now has been written, or with the error. */
  addCallback(callback: SendCallback): void {
    (this.#callbacks ??= []).push(callback);
  }

  /**
   * Writes a frame into the slab.
   *
   * @param room the result of `roomFor()`, at most `MAX_ROOM`
   */
  addFrame(firstByte: number, payload: string | Uint8Array, key: MaskingKey | undefined, room: number): void {
    const segment = this.segmentFor(room);
    segment.grow(putFrame(segment.memory, segment.end, firstByte, payload, key));
  }

  /** Adds a copy of encoded frames. */
  addCopy(chunks: readonly Uint8Array[], size: number): void {
    const segment = this.segmentFor(size);
    for (const chunk of chunks) {
      segment.memory.set(chunk, segment.end);
      segment.grow(segment.end + chunk.length);
    }
  }

  /** The length of the run, in bytes. */
  get sharedLength(): number {
    return this.#run?.length ?? 0;
  }

  get isEmpty(): boolean {
    return this.#run === undefined && this.#segment === undefined;
  }

  /** Adds encoded frames without copying them. Their bytes must not change. */
  addOwned(bytes: Uint8Array): void {
    this.copyRun();
    this.append(Segment.of(bytes));
  }

  /**
   * Returns the run of the batch, extended by this frame. Returns `undefined` if no other connection has sent the frame this turn, or if
   * the batch has frames of its own.
   */
  nextRun(firstByte: number, payload: string | Uint8Array, sender: object): SharedRun | undefined {
    const run = SharedRun.find(this.#run, firstByte, payload, sender);
    return this.#segment === undefined ? run : undefined;
  }

  /** Like {@link Batch.nextRun}, for a frame that was encoded for many connections. */
  runWith(frame: EncodedFrame): SharedRun | undefined {
    return this.#segment === undefined ? SharedRun.after(this.#run, frame) : undefined;
  }

  /** Adds a frame. Takes the run that {@link Batch.nextRun} or {@link Batch.runWith} returned for it. */
  followedBy(run: SharedRun): this {
    this.#run = run;
    return this;
  }

  /** Hands all frames to the stream. Must be called only once. Throws if there is no memory, or if the stream throws. */
  write(stream: Duplex, writer: StreamWriter): void {
    const written = (this.#written = this.takeCallbacks());
    const segment = this.#segment;
    const earlier = this.#earlier;
    if (this.#run !== undefined) this.#run.write(stream, writer, written);
    else if (segment !== undefined) {
      segment.close();
      earlier?.add(segment, written);
      if (earlier === undefined) writer.writeSegment(stream, segment, written);
      else writer.writeSegments(stream, earlier);
    }
  }

  /** Reports an error of {@link Batch.write} to the callbacks that have not been called. */
  fail(error: Error): void {
    this.#earlier?.settle(error);
    this.#written?.(error);
  }

  private takeCallbacks(): Written | undefined {
    const callbacks = this.#callbacks;
    if (callbacks === undefined) return undefined;
    this.#callbacks = undefined;
    return settling(callbacks);
  }

  /** Replaces the run with a segment that has a copy of its frames, so that they and the next frame are written together. */
  private copyRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    const bytes = run.join();
    if (bytes.length > MAX_COPIED) {
      this.append(Segment.of(Buffer.from(bytes)));
      this.#run = undefined;
    } else {
      const segment = this.append(Segment.begin(bytes.length));
      this.#run = undefined;
      segment.memory.set(bytes, segment.end);
      segment.grow(segment.end + bytes.length);
    }
  }

  private segmentFor(size: number): Segment {
    if (this.#run !== undefined) this.copyRun();
    const segment = this.#segment;
    // `begin()` throws if there is no memory. What has been gathered stays unchanged.
    return segment?.hasRoom(size) === true ? segment : this.append(Segment.begin(size));
  }

  private append(segment: Segment): Segment {
    if (this.#segment !== undefined) {
      (this.#earlier ??= new ClosedSegments()).add(this.#segment, this.takeCallbacks());
    }
    this.#segment = segment;
    return segment;
  }
}
