// Frames in, bytes out: they gather in a segment of the slab and leave in one write a turn.
import { Buffer } from 'node:buffer';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import {
  frameHeaderSize,
  MAX_HEADER_SIZE,
  maxTextFrameSize,
  randomMaskingKey,
  readMaskingKey,
  writeFrame,
  writeFrameHeader,
  writeTextFrame,
  type MaskingKey,
} from '@framewire/codec';
import { isPlainSocket, isSocket } from './plain-socket.ts';
import { borrowScratch, LONGEST_LENT, returnScratch } from './scratch.ts';
import { settle, type SendCallback } from './send-callback.ts';
import { SharedRun } from './shared-frame.ts';
import { Segment, SLAB_SIZE } from './slab.ts';
import { flushThisTurn, type Flushable } from './write-turn.ts';

/**
 * The longest payload that is copied into the slab; longer ones go out as header and payload, at once. With 1 KiB an echo of
 * 12 KB takes a sixth more; between 4 and 64 KiB no difference was measured.
 */
const MAX_COPIED = 16 * 1024;
/** The room for the longest payload that is copied, and its header. */
const MAX_ROOM = MAX_HEADER_SIZE + MAX_COPIED;
/** Up to this many UTF-16 units a text's worst case is reserved, beyond it is measured first. */
const MAX_UNMEASURED = 4 * 1024;
/** How many segments a turn may gather, at most 64 KiB each, before it is asked how much waits. */
const MAX_UNASKED_SEGMENTS = 16;

/** Writes the frames of one connection. A base class, as an object more would cost every idle connection. */
export class FrameWriter implements Flushable {
  protected readonly socket: Duplex;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;

  /** What was written this turn: the segment that grows, those before it, and who waits for them. */
  #segment: Segment | undefined = undefined;
  #earlier: Segment[] | undefined = undefined;
  #callbacks: SendCallback[] | undefined = undefined;
  /** What was written this turn, where others write the very same. Then there is no segment. */
  #run: SharedRun | undefined = undefined;
  #queued = false;

  constructor(socket: Duplex, generateMask: ((mask: Buffer) => void) | undefined) {
    this.socket = socket;
    this.#generateMask = generateMask;
  }

  /** Whether masking keys are made by the user's function, which may send something meanwhile. */
  protected get makesMasks(): boolean {
    return this.#generateMask !== undefined;
  }

  endTurn(): void {
    this.#queued = false;
    this.flush();
  }

  /** Hands all that has been framed to the socket. */
  flush(): void {
    if (this.#run !== undefined) this.#flushRun(this.#run);
    const segment = this.#segment;
    if (segment === undefined) return;
    const earlier = this.#earlier;
    this.#segment = undefined;
    this.#earlier = undefined;
    segment.close();
    const done = this.#takeCallbacks();
    if (earlier === undefined) this.#writeSegment(segment, done);
    else this.#writeSegments([...earlier, segment], done);
  }

  /** Hands what has been framed to the socket once it is much. */
  protected flushLongTurn(): void {
    if (this.#earlier !== undefined && this.#earlier.length >= MAX_UNASKED_SEGMENTS) this.flush();
  }

  /** Takes the frame that another connection sends this turn, if there is one and nothing else has been written. */
  protected share(first: number, payload: string | Uint8Array, done: SendCallback | undefined): boolean {
    const before = this.#run;
    const run = SharedRun.next(before, first, payload, this);
    if (run === undefined || this.#segment !== undefined) {
      // The turn has to end, where the frame is forgotten, also if it is so long that it is written at once.
      this.#flushThisTurn(undefined);
      return false;
    }
    this.#run = run;
    this.#flushThisTurn(done);
    if (run.length > SLAB_SIZE) this.flush();
    return true;
  }

  #flushRun(run: SharedRun): void {
    this.#run = undefined;
    const { bytes } = run;
    this.#writeBytes(isSocket(this.socket) ? bytes : Buffer.from(bytes), this.#takeCallbacks());
  }

  /** Something else comes behind what is shared: both leave in one write where that is a short copy. */
  #leaveRun(run: SharedRun): void {
    const { length } = run;
    if (length > MAX_COPIED) {
      this.#flushRun(run);
      return;
    }
    this.#run = undefined;
    const segment = this.#segmentFor(length);
    segment.memory.set(run.bytes, segment.end);
    segment.grow(segment.end + length);
  }

  protected write(
    first: number,
    payload: string | Uint8Array,
    masked: boolean,
    done: SendCallback | undefined,
  ): void {
    if (this.#run !== undefined) this.#leaveRun(this.#run);
    const size = roomFor(payload);
    if (size > MAX_ROOM) {
      this.#writeLarge(first, payload, masked, done);
      return;
    }
    // The key comes first: whoever makes it may send something meanwhile.
    const key = masked ? this.#maskingKey() : undefined;
    const segment = this.#segmentFor(size);
    segment.grow(putFrame(segment.memory, segment.end, first, payload, key));
    this.#flushThisTurn(done);
  }

  /** Has what was written leave at the end of the turn, and `done` called then. */
  #flushThisTurn(done: SendCallback | undefined): void {
    if (done !== undefined) (this.#callbacks ??= []).push(done);
    if (this.#queued) return;
    this.#queued = true;
    flushThisTurn(this);
  }

  protected writePieces(pieces: readonly Uint8Array[], done: SendCallback | undefined): void {
    if (this.#run !== undefined) this.#leaveRun(this.#run);
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size <= MAX_COPIED) {
      const segment = this.#segmentFor(size);
      for (const piece of pieces) {
        segment.memory.set(piece, segment.end);
        segment.grow(segment.end + piece.length);
      }
      this.#flushThisTurn(done);
      return;
    }
    this.flush();
    this.socket.cork();
    const last = pieces.length - 1;
    for (const [index, piece] of pieces.entries()) this.#writeBytes(piece, index === last ? done : undefined);
    this.socket.uncork();
  }

  #segmentFor(size: number): Segment {
    const segment = this.#segment;
    return segment?.hasRoom(size) === true ? segment : this.#nextSegment(size);
  }

  #nextSegment(size: number): Segment {
    // First, as it throws where there is no memory: what has been written stays in its place.
    const next = Segment.begin(size);
    if (this.#segment !== undefined) (this.#earlier ??= []).push(this.#segment);
    this.#segment = next;
    return next;
  }

  /** Writes a frame that is too long for the slab, at once: later the user may have changed the bytes. */
  #writeLarge(first: number, payload: string | Uint8Array, masked: boolean, done?: SendCallback): void {
    this.flush();
    const key = masked ? this.#maskingKey() : undefined;
    // To mask is to copy, and text has to be encoded somewhere.
    if (typeof payload === 'string' || key !== undefined) this.#writeCopy(first, payload, key, done);
    else {
      const header = Buffer.allocUnsafe(frameHeaderSize(payload.length, false));
      writeFrameHeader(header, 0, first, payload.length, undefined);
      this.socket.cork();
      this.#writeBytes(header, undefined);
      this.#writeBytes(payload, done);
      this.socket.uncork();
    }
  }

  #writeCopy(
    first: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    const { socket } = this;
    const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
    // As with the slab, only what the stream hands on at once is read from memory that is used again.
    if (!isPlainSocket(socket) || socket.writableLength > 0 || length > LONGEST_LENT) {
      const memory = Buffer.allocUnsafeSlow(MAX_HEADER_SIZE + length);
      this.#writeBytes(frameIn(memory, first, payload, key), done);
      return;
    }
    const loan = { memory: borrowScratch(length), waits: false };
    // What the kernel does not take at once it has when the write calls back.
    this.#writeBytes(frameIn(loan.memory, first, payload, key), returning(loan, done));
    loan.waits = socket.writableLength > 0;
    if (!loan.waits) returnScratch(loan.memory);
  }

  #writeSegment(segment: Segment, done: SendCallback | undefined): void {
    const { socket } = this;
    // Only what the kernel takes at once is read from the slab. Whatever has to wait gets memory of its own: one message that
    // is not read would hold all that lies beside it.
    if (!isPlainSocket(socket) || socket.writableLength > 0) {
      const copy = segment.copy();
      segment.release();
      this.#writeBytes(copy, done);
      return;
    }
    this.#writeBytes(segment.content, done);
    if (socket.writableLength === 0) segment.release();
  }

  /** Writes segments that other connections' have come between: as one where they fit. */
  #writeSegments(segments: readonly Segment[], done: SendCallback | undefined): void {
    const size = segments.reduce((sum, { length }) => sum + length, 0);
    if (size > SLAB_SIZE) {
      const last = segments.length - 1;
      for (const [index, segment] of segments.entries()) {
        this.#writeSegment(segment, index === last ? done : undefined);
      }
      return;
    }
    const joined = Segment.begin(size);
    for (const { content } of segments) {
      joined.memory.set(content, joined.end);
      joined.grow(joined.end + content.length);
    }
    joined.close();
    for (const segment of segments) segment.release();
    this.#writeSegment(joined, done);
  }

  /** Hands bytes to the stream. One that throws, which a stream must not, is at its end. */
  #writeBytes(bytes: Uint8Array, done: SendCallback | undefined): void {
    try {
      this.socket.write(bytes, done as ((error?: Error | null) => void) | undefined);
    } catch (error) {
      this.socket.destroy(error as Error);
      if (done !== undefined) process.nextTick(done, error);
    }
  }

  #takeCallbacks(): SendCallback | undefined {
    const callbacks = this.#callbacks;
    if (callbacks === undefined) return undefined;
    this.#callbacks = undefined;
    return (error) => {
      settle(callbacks, error);
    };
  }

  #maskingKey(): MaskingKey {
    if (this.#generateMask === undefined) return randomMaskingKey();
    const mask = Buffer.alloc(4);
    this.#generateMask(mask);
    return readMaskingKey(mask, 0);
  }
}

/** How much room to reserve for a frame in the slab, in bytes; more than {@link MAX_ROOM} for one that is too long to be copied there. */
function roomFor(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? roomForText(payload) : MAX_HEADER_SIZE + payload.length;
}

function roomForText(text: string): number {
  if (text.length <= MAX_UNMEASURED) return maxTextFrameSize(text.length);
  return MAX_HEADER_SIZE + (text.length > MAX_COPIED ? text.length : Buffer.byteLength(text));
}

/** Writes a frame of text or bytes at `offset`; returns the offset behind it. */
function putFrame(
  memory: Buffer,
  offset: number,
  first: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): number {
  return typeof payload === 'string'
    ? writeTextFrame(memory, offset, first, payload, key)
    : writeFrame(memory, offset, first, payload, key);
}

/** A frame at the beginning of a piece of memory: its bytes. */
function frameIn(
  memory: Buffer,
  first: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): Buffer {
  return memory.subarray(0, putFrame(memory, 0, first, payload, key));
}

/** Returns a loan when a write that had to wait calls back. Made apart: a closure holds all that lies around it, the payload too. */
function returning(
  loan: { readonly memory: Buffer; readonly waits: boolean },
  done: SendCallback | undefined,
): SendCallback {
  return (error) => {
    if (loan.waits && !error) returnScratch(loan.memory);
    done?.(error);
  };
}
