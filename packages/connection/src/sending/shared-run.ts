// Frames that several connections send in one turn: written out once, and handed to all of them. Where each connection writes its
// own, a delivery of 64 bytes takes 1.3 times as long, of ten in a turn 1.5 times, of ten of 1 KiB twice (`broadcast-*` of the
// benchmark); and compressing for each takes ten times as long.
import { Buffer } from 'node:buffer';
import { frameHeaderSize } from '@framewire/codec';
import { EncodedFrame } from './encoded-frame.ts';
import { payloadSize } from './frame-bytes.ts';

/** How many frames of the turn are remembered: those of one message for receivers with several agreements about compression. */
const MAX_RECENT = 4;

/** A frame that a connection has sent this turn, so that others who send it find it. */
class RecentFrame extends EncodedFrame {
  /** Who sent it: the same frame again on the same connection is not worth sharing. */
  readonly sender: object;

  constructor(firstByte: number, payload: string | Uint8Array, sender: object) {
    super(firstByte, payload);
    this.sender = sender;
  }
}

let recent: RecentFrame[] = [];
/** How many have been remembered this turn: the oldest makes room. */
let added = 0;
/** The runs that begin this turn with a frame. */
let begun = new Map<EncodedFrame, SharedRun>();

/**
 * Frames that connections send side by side: whoever sends the same ones in the same order goes along the same runs, so that the
 * bytes are put together once.
 */
export class SharedRun {
  readonly #frame: EncodedFrame;
  readonly #before: SharedRun | undefined;
  /** The frame that was last sent after these. */
  #next: SharedRun | undefined = undefined;
  #bytes: Uint8Array | undefined = undefined;
  /** How many bytes they are. */
  readonly length: number;

  private constructor(before: SharedRun | undefined, frame: EncodedFrame) {
    this.#before = before;
    this.#frame = frame;
    const size = payloadSize(frame.payload);
    this.length = (before?.length ?? 0) + frameHeaderSize(size, false) + size;
  }

  /** The run of a connection that has sent the frames of `before` and sends this one, which others may send. */
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
   * As {@link SharedRun.after}, for a frame that may be the same as one that another connection sends this turn, which comparing
   * strings, or the identity of bytes, tells. Undefined where none is known.
   *
   * @param payload text, or bytes that nobody writes to any more
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

  /** All frames from the first one on, side by side. */
  join(): Uint8Array {
    return (this.#bytes ??= SharedRun.#concat(this));
  }

  /** The bytes of a run: in a loop, as there may be thousands of frames. */
  static #concat(last: SharedRun): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let run: SharedRun | undefined = last; run !== undefined;) {
      frames.push(run.#bytes ?? run.#frame.bytes);
      run = run.#bytes === undefined ? run.#before : undefined;
    }
    return frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames.reverse());
  }
}

/** The turn is over: what is sent from now on is another message, whatever it says. */
export function forgetSharedFrames(): void {
  if (begun.size > 0) begun = new Map();
  if (added === 0) return;
  recent = [];
  added = 0;
}
