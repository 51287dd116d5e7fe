// Frames that several connections send in one turn: written out once, and handed to all of them. Where each connection writes its
// own, a delivery of 64 bytes takes 1.3 times as long, of ten in a turn 1.5 times, of ten of 1 KiB twice (`broadcast-*` of the
// benchmark); and compressing for each takes ten times as long.
import { Buffer } from 'node:buffer';
import { frameHeaderSize, MAX_HEADER_SIZE, writeFrame, writeTextFrame } from '@framewire/codec';

/** How many frames of the turn are remembered: those of one message for receivers with several agreements about compression. */
const MAX_RECENT = 4;

/** A frame that a connection has sent, so that others who send it find it. */
interface Recent {
  readonly first: number;
  readonly payload: string | Uint8Array;
  /** Who sent it: the same frame again on the same connection is not worth sharing. */
  readonly sender: object;
  /** The run of those who have sent nothing but this, once there is a second sender. */
  run: SharedRun | undefined;
}

let recent: Recent[] = [];
/** How many have been remembered this turn: the oldest makes room. */
let added = 0;

function findRecent(first: number, payload: string | Uint8Array): Recent | undefined {
  for (const entry of recent) if (entry.payload === payload && entry.first === first) return entry;
  return undefined;
}

/**
 * Frames that connections send side by side: whoever sends the same ones in the same order goes along the same runs, so that the
 * bytes are put together once. They are in memory of their own, which is never written to again, as nobody knows who still
 * reads it.
 *
 * Only what cannot change can be shared: text, and bytes that nobody writes to any more. Whether a frame is the same is told by
 * comparing strings, or the identity of bytes; not masked ones, which differ each time (§5.3).
 */
export class SharedRun {
  readonly #first: number;
  readonly #payload: string | Uint8Array;
  readonly #before: SharedRun | undefined;
  /** The frame that was last sent behind these. */
  #next: SharedRun | undefined = undefined;
  #bytes: Uint8Array | undefined = undefined;
  /** How many bytes they are. */
  readonly length: number;

  private constructor(before: SharedRun | undefined, first: number, payload: string | Uint8Array) {
    this.#before = before;
    this.#first = first;
    this.#payload = payload;
    const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
    this.length = (before?.length ?? 0) + frameHeaderSize(size, false) + size;
  }

  /**
   * The run of who has sent those of `before` and sends this frame; undefined where it is not known that another connection does.
   *
   * @param first the first byte of the frame's header (§5.2)
   */
  static next(
    before: SharedRun | undefined,
    first: number,
    payload: string | Uint8Array,
    sender: object,
  ): SharedRun | undefined {
    const next = before === undefined ? undefined : before.#next;
    if (next !== undefined && next.#first === first && next.#payload === payload) return next;
    const known = findRecent(first, payload);
    if (known === undefined) {
      recent[added++ % MAX_RECENT] = { first, payload, sender, run: undefined };
      return undefined;
    }
    if (known.sender === sender) return undefined;
    if (before === undefined) return (known.run ??= new SharedRun(undefined, first, payload));
    before.#next = new SharedRun(before, first, payload);
    return before.#next;
  }

  /** All frames from the first one on, side by side. */
  join(): Uint8Array {
    return (this.#bytes ??= SharedRun.#concat(this));
  }

  /** The bytes of a run: in a loop, as there may be thousands of frames. */
  static #concat(last: SharedRun): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let run: SharedRun | undefined = last; run !== undefined;) {
      frames.push(run.#bytes ?? run.#frame());
      run = run.#bytes === undefined ? run.#before : undefined;
    }
    return frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames.reverse());
  }

  #frame(): Uint8Array {
    const payload = this.#payload;
    if (typeof payload === 'string') {
      const frame = Buffer.allocUnsafeSlow(MAX_HEADER_SIZE + Buffer.byteLength(payload));
      return frame.subarray(0, writeTextFrame(frame, 0, this.#first, payload, undefined));
    }
    const frame = Buffer.allocUnsafeSlow(frameHeaderSize(payload.length, false) + payload.length);
    writeFrame(frame, 0, this.#first, payload, undefined);
    return frame;
  }
}

/** The turn is over: what is sent from now on is another message, whatever it says. */
export function forgetSharedFrames(): void {
  if (added === 0) return;
  recent = [];
  added = 0;
}
