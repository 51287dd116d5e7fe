// Frames in, bytes out: they gather in a segment of the slab and leave in one write a turn.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  frameHeaderSize,
  randomMaskingKey,
  readMaskingKey,
  writeFrameHeader,
  type MaskingKey,
} from '@framewire/codec';
import { ClosedSegments, type Written } from './closed-segments.ts';
import { frameIn, frameOf, MAX_COPIED, MAX_ROOM, putFrame, roomFor } from './frame-bytes.ts';
import { isPlainSocket, isTlsSocket, onlyReads } from './plain-socket.ts';
import { nextTick } from '../scheduling.ts';
import { borrowScratch, LONGEST_LENT, returnScratch } from './scratch.ts';
import { settling, type SendCallback } from './send-callback.ts';
import { SharedRun } from './shared-frame.ts';
import { Segment, SLAB_SIZE } from './slab.ts';
import { countFrame, flushThisTurn, watchExit, type Flushable } from './write-turn.ts';

/** How many bytes a turn may gather before they count as waiting. */
const MAX_UNCOUNTED = 1024 * 1024;
/** How many bytes a turn holds back before a plain socket is given them. */
const MAX_TURN = 1024 * 1024;

/**
 * Writes the frames of one connection. A base class, as an object more would cost every idle connection.
 *
 * A stream may deliver synchronously, and its receiver may answer before `write()` returns. Frames sent meanwhile are gathered and
 * leave afterwards. A plain socket does not deliver synchronously: a long frame is written to it immediately, as to a TLS socket.
 */
export class FrameWriter implements Flushable {
  protected readonly socket: Duplex;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;

  /** What was written this turn: the segment that grows, those before it, and who waits for it. */
  #segment: Segment | undefined = undefined;
  #earlier: ClosedSegments | undefined = undefined;
  #callbacks: SendCallback[] | undefined = undefined;
  /** What was written this turn, where others write the very same. Then there is no segment. */
  #run: SharedRun | undefined = undefined;
  #queued = false;
  #flushing = false;

  constructor(socket: Duplex, generateMask: ((mask: Buffer) => void) | undefined) {
    this.socket = socket;
    this.#generateMask = generateMask;
    watchExit();
  }

  /** Whether masking keys are made by the user's function, which may send something meanwhile. */
  protected get makesMasks(): boolean {
    return this.#generateMask !== undefined;
  }

  /** How many bytes wait for the end of the turn. */
  protected get gathered(): number {
    return ((this.#run ?? this.#segment)?.length ?? 0) + (this.#earlier?.length ?? 0);
  }

  endTurn(): void {
    this.#queued = false;
    this.flush();
  }

  endTurnEarly(): boolean {
    if (this.#flushing || !isPlainSocket(this.socket)) return false;
    this.endTurn();
    return true;
  }

  /** Hands all that has been framed to the stream. Does not throw: a connection of which bytes are lost is at its end. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (this.#segment !== undefined || this.#run !== undefined) this.#writeGathered();
    } finally {
      this.#flushing = false;
    }
  }

  /** Ends the stream behind all that has been framed. */
  end(): void {
    this.flush();
    if (this.#flushing) nextTick(end, this);
    // To end it again makes an error that nobody hears of: 6 % of what an upgrade with its close costs.
    else if (!this.socket.writableEnded) this.socket.end();
  }

  #writeGathered(): void {
    const run = this.#run;
    const segment = this.#segment;
    const earlier = this.#earlier;
    const written = this.#takeCallbacks();
    this.#run = undefined;
    this.#segment = undefined;
    this.#earlier = undefined;
    try {
      if (run !== undefined) this.#writeRun(run, written);
      else if (segment !== undefined) {
        segment.close();
        earlier?.add(segment, written);
        if (earlier === undefined) this.#writeSegment(segment, written);
        else this.#writeSegments(earlier);
      }
    } catch (error) {
      this.#fail(error, earlier, written);
    }
  }

  #takeCallbacks(): Written | undefined {
    const callbacks = this.#callbacks;
    if (callbacks === undefined) return undefined;
    this.#callbacks = undefined;
    return settling(callbacks);
  }

  /**
   * How many bytes wait for the end of the turn, once they are many; else 0. A plain socket is given them then, and counts them
   * itself.
   */
  protected longTurnLength(): number {
    if (this.gathered < MAX_UNCOUNTED) return 0;
    if (this.#writesAtOnce) this.flush();
    return this.gathered;
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
    const isLong = run.length > SLAB_SIZE && this.#writesAtOnce;
    // First, as it throws where there is no memory.
    if (isLong) run.join();
    this.#run = run;
    this.#flushThisTurn(done);
    if (isLong) this.flush();
    return true;
  }

  #writeRun(run: SharedRun, done: Written | undefined): void {
    this.socket.write(this.#readable(run.join()), done);
  }

  /** Something else comes behind what is shared: both leave in one write where that is a short copy. */
  #leaveRun(run: SharedRun): void {
    const { length } = run;
    const bytes = run.join();
    if (length > MAX_COPIED && this.#writesAtOnce) {
      this.flush();
      return;
    }
    if (length > MAX_COPIED) this.#append(Segment.of(this.#readable(bytes)));
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

  /** Has what was written leave at the end of the turn, and `done` called then. A turn with much in it ends here. */
  #flushThisTurn(done: SendCallback | undefined): void {
    if (done !== undefined) (this.#callbacks ??= []).push(done);
    if (this.#earlier !== undefined && this.#earlier.length >= MAX_TURN && isPlainSocket(this.socket))
      this.flush();
    if (this.#queued) countFrame();
    else {
      this.#queued = true;
      flushThisTurn(this);
    }
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
    if (!this.#writesAtOnce) {
      this.#writeLater(Buffer.concat(pieces), done);
      return;
    }
    this.flush();
    this.#writeNow(this.socket.writableLength > 0 ? [Buffer.concat(pieces)] : pieces, done);
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
    if (this.#segment !== undefined) {
      (this.#earlier ??= new ClosedSegments()).add(this.#segment, this.#takeCallbacks());
    }
    this.#segment = segment;
    return segment;
  }

  /**
   * Writes a frame that is too long for the slab. The caller owns the bytes again when this returns, except those that the kernel
   * has not taken from a plain socket by then: what the stream cannot pass on immediately is copied first.
   */
  #writeLarge(
    first: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    if (!this.#writesAtOnce) {
      this.#writeLater(frameOf(first, payload, key), done);
      return;
    }
    this.flush();
    // Masking copies, and text has to be encoded somewhere.
    if (typeof payload === 'string' || key !== undefined || this.socket.writableLength > 0) {
      this.#writeCopy(first, payload, key, done);
      return;
    }
    const header = Buffer.allocUnsafe(frameHeaderSize(payload.length, false));
    writeFrameHeader(header, 0, first, payload.length, undefined);
    this.#writeNow([header, payload], done);
  }

  /** Whether a send may write to the stream: see {@link FrameWriter}. */
  get #writesAtOnce(): boolean {
    return !this.#flushing && onlyReads(this.socket);
  }

  /** Bytes that connections share, as the stream may be given them. */
  #readable(bytes: Uint8Array): Uint8Array {
    return onlyReads(this.socket) ? bytes : Buffer.from(bytes);
  }

  /** Writes pieces that may be long, once all that was sent before has been written. */
  #writeNow(pieces: readonly Uint8Array[], done: SendCallback | undefined): void {
    const { socket } = this;
    const written = done === undefined ? undefined : settling([done]);
    const last = pieces.length - 1;
    socket.cork();
    for (const [index, piece] of pieces.entries()) socket.write(piece, index === last ? written : undefined);
    socket.uncork();
  }

  /** Has bytes that nobody changes leave at the end of the turn. */
  #writeLater(bytes: Uint8Array, done: SendCallback | undefined): void {
    this.#append(Segment.of(bytes));
    this.#flushThisTurn(done);
  }

  #writeCopy(
    first: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    done: SendCallback | undefined,
  ): void {
    const { socket } = this;
    const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
    // As with the slab, only a plain socket that hands on at once is given memory that is used again.
    if (!isPlainSocket(socket) || socket.writableLength > 0 || length > LONGEST_LENT) {
      this.#writeNow([frameOf(first, payload, key)], done);
      return;
    }
    const loan = { memory: borrowScratch(length), waits: false };
    // What the kernel does not take at once it has when the write calls back.
    socket.write(frameIn(loan.memory, first, payload, key), returning(loan, done));
    loan.waits = socket.writableLength > 0;
    if (!loan.waits) returnScratch(loan.memory);
  }

  #writeSegment(segment: Segment, written: Written | undefined): void {
    const { socket } = this;
    // Only what the kernel takes at once is read from the slab. Whatever has to wait gets memory of its own: one message that
    // is not read would hold all that lies beside it.
    if (!isPlainSocket(socket) || socket.writableLength > 0) {
      socket.write(segment.detach(), written);
      return;
    }
    socket.write(segment.content, written);
    if (socket.writableLength === 0) segment.release();
  }

  /** Writes segments, as other connections' have come between or some are long: as one where they fit. */
  #writeSegments(segments: ClosedSegments): void {
    const isPlain = isPlainSocket(this.socket);
    if (segments.length <= SLAB_SIZE) {
      const whole = isPlain ? segments.joinInSlab() : segments.join();
      this.#writeSegment(whole, (error) => {
        segments.settle(error);
      });
      return;
    }
    // It encrypts together what it is given together. From a plain socket, corked, nobody could tell what it has taken.
    const isTls = isTlsSocket(this.socket);
    if (isTls) this.socket.cork();
    for (const { segment, written } of segments.all) this.#writeSegment(segment, written);
    if (isTls) this.socket.uncork();
  }

  /** There was no memory to write from, or the stream threw, which a stream must not. */
  #fail(error: unknown, earlier: ClosedSegments | undefined, written: Written | undefined): void {
    this.socket.destroy(error as Error);
    nextTick(() => {
      earlier?.settle(error as Error);
      written?.(error as Error);
    });
  }

  #maskingKey(): MaskingKey {
    if (this.#generateMask === undefined) return randomMaskingKey();
    const mask = Buffer.alloc(4);
    this.#generateMask(mask);
    return readMaskingKey(mask, 0);
  }
}

function end(writer: FrameWriter): void {
  writer.end();
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
