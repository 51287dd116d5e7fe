// What one connection has gathered this turn. It exists from the first frame of a turn until it is written.
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

/** Frames in the order in which they were sent, and the callbacks of their senders. */
export class Batch {
  /** The segment that grows, and those before it. */
  #segment: Segment | undefined = undefined;
  #earlier: ClosedSegments | undefined = undefined;
  #callbacks: SendCallback[] | undefined = undefined;
  #written: Written | undefined = undefined;
  /** As long as other connections send the very same frames there is a run instead of segments. */
  #run: SharedRun | undefined = undefined;
  /** How many bytes the stream held when the batch began. */
  readonly held: number;

  constructor(held: number) {
    this.held = held;
  }

  /** How many bytes it has. */
  get length(): number {
    return ((this.#run ?? this.#segment)?.length ?? 0) + (this.#earlier?.length ?? 0);
  }

  /** How many bytes are in segments that do not grow any more. */
  get closedLength(): number {
    return this.#earlier?.length ?? 0;
  }

  /** Adds a callback, to be called when all that is in the batch by now has been written, or has failed to be. */
  addCallback(callback: SendCallback): void {
    (this.#callbacks ??= []).push(callback);
  }

  /**
   * Adds a frame, written into the slab.
   *
   * @param room as `roomFor()` says, at most `MAX_ROOM`
   */
  addFrame(firstByte: number, payload: string | Uint8Array, key: MaskingKey | undefined, room: number): void {
    const segment = this.segmentFor(room);
    segment.grow(putFrame(segment.memory, segment.end, firstByte, payload, key));
  }

  /** Adds frames that somebody else has made: as one copy. */
  addCopy(pieces: readonly Uint8Array[], size: number): void {
    const segment = this.segmentFor(size);
    for (const piece of pieces) {
      segment.memory.set(piece, segment.end);
      segment.grow(segment.end + piece.length);
    }
  }

  /** How many bytes it has in frames that other connections send, too. */
  get sharedLength(): number {
    return this.#run?.length ?? 0;
  }

  get isEmpty(): boolean {
    return this.#run === undefined && this.#segment === undefined;
  }

  /** Adds bytes that nobody changes. */
  addOwned(bytes: Uint8Array): void {
    this.leaveRun();
    this.append(Segment.of(bytes));
  }

  /** The run with one more frame, where all of the batch, and this frame, is what other connections send; else undefined. */
  nextRun(firstByte: number, payload: string | Uint8Array, sender: object): SharedRun | undefined {
    const run = SharedRun.find(this.#run, firstByte, payload, sender);
    return this.#segment === undefined ? run : undefined;
  }

  /** As {@link Batch.nextRun}, with a frame that was encoded for other connections. */
  runWith(frame: EncodedFrame): SharedRun | undefined {
    return this.#segment === undefined ? SharedRun.after(this.#run, frame) : undefined;
  }

  /** Takes the frame into the batch that {@link Batch.nextRun} or {@link Batch.runWith} was asked about. */
  goAlong(run: SharedRun): void {
    this.#run = run;
  }

  /** Hands all of it to the stream. To be called once; throws where there is no memory, and what the stream throws. */
  write(stream: Duplex, writer: StreamWriter): void {
    const written = (this.#written = this.takeCallbacks());
    const segment = this.#segment;
    const earlier = this.#earlier;
    if (this.#run !== undefined) writer.writeShared(stream, this.#run.join(), written);
    else if (segment !== undefined) {
      segment.close();
      earlier?.add(segment, written);
      if (earlier === undefined) writer.writeSegment(stream, segment, written);
      else writer.writeSegments(stream, earlier);
    }
  }

  /** Tells all senders that have not been told yet that {@link Batch.write} threw. */
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

  /** Another frame comes after those of a run: they are copied, so that all leave in one write. */
  private leaveRun(): void {
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
    if (this.#run !== undefined) this.leaveRun();
    const segment = this.#segment;
    // What begins may throw where there is no memory: what has been gathered stays in its place.
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
