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
import { handsOnLater, isPlainSocket, isSocket } from './plain-socket.ts';
import { borrowScratch, LONGEST_LENT, returnScratch } from './scratch.ts';
import { settling, type SendCallback } from './send-callback.ts';
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
/** How many bytes a turn may gather before they count as waiting. */
const MAX_UNCOUNTED = 1024 * 1024;

/** The segments of a turn that do not grow any more. */
class ClosedSegments {
  readonly all: Segment[] = [];
  /** How many bytes they are. */
  length = 0;

  add(segment: Segment): void {
    this.all.push(segment);
    this.length += segment.length;
  }
}

/** What a stream calls when it has written a piece, or has failed to. */
type Written = (error?: Error | null) => void;

/**
 * Writes the frames of one connection. A base class, as an object more would cost every idle connection.
 *
 * A stream that may hand on at once what it is given (see {@link handsOnLater}) is given nothing before the turn ends, and all of
 * the turn in one write: nothing that is sent meanwhile can come between.
 */
export class FrameWriter implements Flushable {
  protected readonly socket: Duplex;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;

  /** What was written this turn: the segment that grows, those before it, and who waits for them. */
  #segment: Segment | undefined = undefined;
  #earlier: ClosedSegments | undefined = undefined;
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

  /** Hands all that has been framed to the socket. Does not throw: a connection of which bytes are lost is at its end. */
  flush(): void {
    const run = this.#run;
    const segment = this.#segment;
    if (segment === undefined && run === undefined) return;
    const earlier = this.#earlier;
    const callbacks = this.#callbacks;
    this.#run = undefined;
    this.#segment = undefined;
    this.#earlier = undefined;
    this.#callbacks = undefined;
    const done = callbacks === undefined ? undefined : settling(callbacks);
    try {
      if (run !== undefined) this.#writeRun(run, done);
      else if (segment !== undefined) {
        segment.close();
        earlier?.add(segment);
        if (earlier === undefined) this.#writeSegment(segment, done);
        else this.#writeSegments(earlier, done);
      }
    } catch (error) {
      this.#fail(error, done);
    }
  }

  /**
   * How many bytes wait for the end of the turn, once they are many; else 0. A stream that may be given them before is given them,
   * and then counts them itself.
   */
  protected longTurnLength(): number {
    const length = ((this.#run ?? this.#segment)?.length ?? 0) + (this.#earlier?.length ?? 0);
    if (length < MAX_UNCOUNTED) return 0;
    if (!handsOnLater(this.socket)) return length;
    this.flush();
    return 0;
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
    const isLong = run.length > SLAB_SIZE && handsOnLater(this.socket);
    // First, as it throws where there is no memory.
    if (isLong) run.join();
    this.#run = run;
    this.#flushThisTurn(done);
    if (isLong) this.flush();
    return true;
  }

  #writeRun(run: SharedRun, done: Written | undefined): void {
    this.#writeBytes(isSocket(this.socket) ? run.join() : Buffer.from(run.join()), done);
  }

  /** Something else comes behind what is shared: both leave in one write where that is a short copy. */
  #leaveRun(run: SharedRun): void {
    const { length } = run;
    const bytes = run.join();
    if (length > MAX_COPIED && handsOnLater(this.socket)) {
      this.flush();
      return;
    }
    if (length > MAX_COPIED) this.#append(Segment.of(Buffer.from(bytes)));
    else {
      const segment = this.#segmentFor(length);
      segment.memory.set(bytes, segment.end);
      segment.grow(segment.end + length);
    }
    this.#run = undefined;
  }

  protected write(
    first: number,
    payload: string | Uint8Array,
    masked: boolean,
    done: SendCallback | undefined,
  ): void {
    // The key comes first: whoever makes it may send something meanwhile.
    const key = masked ? this.#maskingKey() : undefined;
    if (this.#run !== undefined) this.#leaveRun(this.#run);
    const size = roomFor(payload);
    if (size > MAX_ROOM) {
      this.#writeLarge(first, payload, key, done);
      return;
    }
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
    if (handsOnLater(this.socket)) this.#writeNow(pieces, done);
    else this.#writeLater(Buffer.concat(pieces), done);
  }

  #segmentFor(size: number): Segment {
    const segment = this.#segment;
    return segment?.hasRoom(size) === true ? segment : this.#nextSegment(size);
  }

  #nextSegment(size: number): Segment {
    // First, as it throws where there is no memory: what has been written stays in its place.
    return this.#append(Segment.begin(size));
  }

  #append(segment: Segment): Segment {
    if (this.#segment !== undefined) (this.#earlier ??= new ClosedSegments()).add(this.#segment);
    this.#segment = segment;
    return segment;
  }

  /** Writes a frame that is too long for the slab: at once where that may be, as later the user may have changed the bytes. */
  #writeLarge(
    first: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    if (!handsOnLater(this.socket)) this.#writeLater(frameOf(first, payload, key), done);
    // To mask is to copy, and text has to be encoded somewhere.
    else if (typeof payload === 'string' || key !== undefined) this.#writeCopy(first, payload, key, done);
    else {
      const header = Buffer.allocUnsafe(frameHeaderSize(payload.length, false));
      writeFrameHeader(header, 0, first, payload.length, undefined);
      this.#writeNow([header, payload], done);
    }
  }

  /** Writes pieces that may be long, as one. */
  #writeNow(pieces: readonly Uint8Array[], done: SendCallback | undefined): void {
    this.flush();
    const { socket } = this;
    const written = done === undefined ? undefined : settling([done]);
    const last = pieces.length - 1;
    try {
      socket.cork();
      for (const [index, piece] of pieces.entries())
        this.#writeBytes(piece, index === last ? written : undefined);
      socket.uncork();
    } catch (error) {
      this.#fail(error, written);
    }
  }

  /** Has bytes that nobody else has leave at the end of the turn. */
  #writeLater(bytes: Buffer, done: SendCallback | undefined): void {
    this.#append(Segment.of(bytes));
    this.#flushThisTurn(done);
  }

  #writeCopy(
    first: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    this.flush();
    const { socket } = this;
    const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
    // As with the slab, only what the stream hands on at once is read from memory that is used again.
    if (!isPlainSocket(socket) || socket.writableLength > 0 || length > LONGEST_LENT) {
      this.#writeNow([frameOf(first, payload, key)], done);
      return;
    }
    const loan = { memory: borrowScratch(length), waits: false };
    // What the kernel does not take at once it has when the write calls back.
    this.#writeBytes(frameIn(loan.memory, first, payload, key), returning(loan, done));
    loan.waits = socket.writableLength > 0;
    if (!loan.waits) returnScratch(loan.memory);
  }

  #writeSegment(segment: Segment, done: Written | undefined): void {
    const { socket } = this;
    // Only what the kernel takes at once is read from the slab. Whatever has to wait gets memory of its own: one message that
    // is not read would hold all that lies beside it.
    if (!isPlainSocket(socket) || socket.writableLength > 0) {
      this.#writeBytes(segment.detach(), done);
      return;
    }
    this.#writeBytes(segment.content, done);
    if (socket.writableLength === 0) segment.release();
  }

  /** Writes segments that other connections' have come between: as one, but for many of a plain socket, which need no copy. */
  #writeSegments({ all, length }: ClosedSegments, done: Written | undefined): void {
    if (length > SLAB_SIZE && isPlainSocket(this.socket)) {
      const last = all.length - 1;
      for (const [index, segment] of all.entries())
        this.#writeSegment(segment, index === last ? done : undefined);
      return;
    }
    const joined = length > SLAB_SIZE ? Segment.of(joinedBytes(all)) : joinedInSlab(all, length);
    for (const segment of all) segment.release();
    this.#writeSegment(joined, done);
  }

  #writeBytes(bytes: Uint8Array, done: Written | undefined): void {
    this.socket.write(bytes, done);
  }

  /** There was no memory to write from, or the stream threw, which a stream must not. */
  #fail(error: unknown, done: Written | undefined): void {
    this.socket.destroy(error as Error);
    if (done !== undefined) process.nextTick(done, error);
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

function joinedBytes(segments: readonly Segment[]): Buffer {
  return Buffer.concat(segments.map(({ content }) => content));
}

function joinedInSlab(segments: readonly Segment[], length: number): Segment {
  const joined = Segment.begin(length);
  for (const { content } of segments) {
    joined.memory.set(content, joined.end);
    joined.grow(joined.end + content.length);
  }
  joined.close();
  return joined;
}

/** A frame in memory of its own. */
function frameOf(first: number, payload: string | Uint8Array, key: MaskingKey | undefined): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  return frameIn(
    Buffer.allocUnsafeSlow(frameHeaderSize(length, key !== undefined) + length),
    first,
    payload,
    key,
  );
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
): Written {
  const settled = done === undefined ? undefined : settling([done]);
  return (error) => {
    if (loan.waits && !error) returnScratch(loan.memory);
    settled?.(error);
  };
}
