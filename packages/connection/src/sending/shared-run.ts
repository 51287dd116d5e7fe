// Frames that several connections send in the same turn. The first connection encodes a text for itself, and all others share one encoded
// buffer. A frame that was encoded for many connections is shared by all of them (benchmark scenarios `broadcast-*`).
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { frameHeaderSize } from '@framewire/codec';
import type { Written } from './closed-segments.ts';
import { EncodedFrame } from './encoded-frame.ts';
import { payloadSize } from './frame-bytes.ts';
import type { StreamWriter } from './stream-writer.ts';

/** How many frames of a turn are remembered. One message may become several frames, one for each set of compression parameters. */
const MAX_RECENT = 4;

/** A frame that a connection has sent this turn. Other connections that send the same frame find it. */
class RecentFrame extends EncodedFrame {
  /** Frames that only this sender repeats are not shared. */
  readonly sender: object;

  constructor(firstByte: number, payload: string | Uint8Array, sender: object) {
    super(firstByte, payload);
    this.sender = sender;
  }
}

let recent: RecentFrame[] = [];
/** How many frames were added to `recent` this turn. Each replaces the oldest when the list is full. */
let added = 0;
/** The runs of this turn by their first frame. */
let begun = new Map<EncodedFrame, SharedRun>();

/**
 * The frames that a connection has sent this turn, as a linked list from the last to the first. Connections that send the same frames
 * in the same order share the same run, and so one encoded buffer.
 */
export class SharedRun {
  readonly #frame: EncodedFrame;
  readonly #before: SharedRun | undefined;
  /** The run that consists of this one and the frame that was most recently sent after it. */
  #next: SharedRun | undefined = undefined;
  #bytes: Uint8Array | undefined = undefined;
  /** In bytes. */
  readonly length: number;
  // A connection may have a run instead of a batch (benchmark scenario `publish-x1`), so a run has the members of a batch.
  readonly held = 0;
  readonly closedLength = 0;
  readonly isEmpty = false;

  private constructor(before: SharedRun | undefined, frame: EncodedFrame) {
    this.#before = before;
    this.#frame = frame;
    const size = payloadSize(frame.payload);
    this.length = (before?.length ?? 0) + frameHeaderSize(size, false) + size;
  }

  /** Returns the run of a connection that has sent `before` and now sends `frame`. */
  static after(before: SharedRun | undefined, frame: EncodedFrame): SharedRun {
    if (before === undefined) {
      let run = begun.get(frame);
      if (run === undefined) begun.set(frame, (run = new SharedRun(undefined, frame)));
      return run;
    }
    let next = before.#next;
    if (next === undefined || next.#frame !== frame) before.#next = next = new SharedRun(before, frame);
    return next;
  }

  /**
   * Like {@link SharedRun.after}, for a payload that another connection may have sent this turn. Strings are compared by content, bytes
   * by identity. If no other connection has sent it, remembers the frame and returns `undefined`.
   *
   * @param payload text, or bytes that never change
   */
  static find(
    before: SharedRun | undefined,
    firstByte: number,
    payload: string | Uint8Array,
    sender: object,
  ): SharedRun | undefined {
    const next = before === undefined ? undefined : before.#next;
    if (next !== undefined && next.#frame.payload === payload && next.#frame.firstByte === firstByte)
      return next;
    for (const frame of recent) {
      if (frame.payload === payload && frame.firstByte === firstByte) {
        return frame.sender === sender ? undefined : SharedRun.after(before, frame);
      }
    }
    recent[added++ % MAX_RECENT] = new RecentFrame(firstByte, payload, sender);
    return undefined;
  }

  get sharedLength(): number {
    return this.length;
  }

  nextRun(firstByte: number, payload: string | Uint8Array, sender: object): SharedRun | undefined {
    return SharedRun.find(this, firstByte, payload, sender);
  }

  runWith(frame: EncodedFrame): SharedRun {
    return SharedRun.after(this, frame);
  }

  followedBy(run: SharedRun): SharedRun {
    return run;
  }

  /** Hands all frames to the stream. Throws if there is no memory, or if the stream throws. */
  write(stream: Duplex, writer: StreamWriter, written?: Written): void {
    writer.writeShared(stream, this.join(), written);
  }

  /** No callback waits for the write. */
  fail(): void {}

  /** Returns the bytes of all frames, in the order in which they were sent. */
  join(): Uint8Array {
    return (this.#bytes ??= SharedRun.#concat(this));
  }

  /** A loop rather than a recursion, because there may be thousands of frames. */
  static #concat(last: SharedRun): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let run: SharedRun | undefined = last; run !== undefined;) {
      frames.push(run.#bytes ?? run.#frame.bytes);
      run = run.#bytes === undefined ? run.#before : undefined;
    }
    return frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames.reverse());
  }
}

/** Ends the turn. The same text sent later is a new frame. */
export function forgetSharedFrames(): void {
  if (begun.size > 0) begun = new Map();
  if (added === 0) return;
  recent = [];
  added = 0;
}
