// Messages in, bytes out: frames gather in a segment of the slab and leave in one write a turn.
import { Buffer, type Blob } from 'node:buffer';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import {
  firstByte,
  frameHeaderSize,
  MAX_HEADER_SIZE,
  maxTextFrameSize,
  Opcode,
  randomMaskingKey,
  readMaskingKey,
  writeFrame,
  writeFrameHeader,
  writeTextFrame,
  type DataOpcode,
  type MaskingKey,
} from '@framewire/codec';
import type { Extension } from './extension.ts';
import { isBlob, payloadLength } from './message-data.ts';
import { isPlainSocket } from './plain-socket.ts';
import { settle, type SendCallback } from './send-callback.ts';
import { SendQueue } from './send-queue.ts';
import { SharedRun } from './shared-frame.ts';
import { Segment, SLAB_SIZE } from './slab.ts';
import { flushThisTurn, type Flushable } from './write-turn.ts';

/** How one message, or one fragment of it, is to be sent. */
export interface SendMode {
  readonly opcode: DataOpcode;
  /** Whether the message ends with it. */
  readonly fin: boolean;
  /** Whether the extension may compress it. */
  readonly compress: boolean;
  readonly masked: boolean;
}

/** The longest payload that is copied into the slab; longer ones go out as header and payload, at once. */
const MAX_COPIED = 16 * 1024;
/** Up to this many UTF-16 units a text's worst case is reserved, beyond it is measured first. */
const MAX_UNMEASURED = 4 * 1024;
/** How many segments a turn may gather, at most 64 KiB each, before it is asked how much waits. */
const MAX_UNASKED_SEGMENTS = 16;

/** The sending side of a connection: messages, in the order in which they are sent, become frames and are written. */
export class Outbound<T> implements Flushable {
  readonly #socket: Duplex;
  readonly #extension: Extension | undefined;
  readonly #generateMask: ((mask: Buffer) => void) | undefined;
  readonly #failed: (target: T, error: Error) => void;
  readonly #target: T;

  /** What was written this turn: the segment that grows, those before it, and who waits for them. */
  #segment: Segment | undefined = undefined;
  #earlier: Segment[] | undefined = undefined;
  #callbacks: SendCallback[] | undefined = undefined;
  /** What was written this turn, where others write the very same. Then there is no segment. */
  #run: SharedRun | undefined = undefined;
  #queued = false;

  /** The sends that need time, and those behind them. Made with the first. */
  #jobs: SendQueue | undefined = undefined;
  /** A message of which fragments are still to be sent, and whether they are compressed. */
  #inMessage = false;
  #compressing = false;
  /** What was sent too late, and still counts in `bufferedAmount`, as in the DOM. */
  #discarded = 0;

  /** @param failed is told, with `target`, why a message could not be made: so one function serves all connections */
  constructor(
    socket: Duplex,
    extension: Extension | undefined,
    generateMask: ((mask: Buffer) => void) | undefined,
    failed: (target: T, error: Error) => void,
    target: T,
  ) {
    this.#socket = socket;
    this.#extension = extension;
    this.#generateMask = generateMask;
    this.#failed = failed;
    this.#target = target;
  }

  /** Bytes accepted and not yet handed to the kernel, framing included. */
  get bufferedAmount(): number {
    this.flush();
    return this.#socket.writableLength + (this.#jobs?.size ?? 0) + this.#discarded;
  }

  /**
   * As {@link Outbound.bufferedAmount}, without what was sent too late, and without the first so many segments of this turn: to ask
   * does not take them apart.
   */
  get waitingAmount(): number {
    if (this.#earlier !== undefined && this.#earlier.length >= MAX_UNASKED_SEGMENTS) this.flush();
    return this.#socket.writableLength + (this.#jobs?.size ?? 0);
  }

  /** Counts what was sent when it was too late. What was sent in time is told first. */
  discard(data: unknown): void {
    this.flush();
    this.#discarded += payloadLength(data);
  }

  /** Sends a message, or a fragment of one. */
  send(data: string | Uint8Array | Blob, mode: SendMode, done: SendCallback | undefined): void {
    if (this.#isDirect() && !isBlob(data)) {
      if (this.#extension === undefined || !(mode.compress || this.#inMessage)) {
        this.#writeData(data, mode, false, done);
        return;
      }
      // Whoever makes masking keys may send something meanwhile, which must not get between a message and its place.
      if (this.#generateMask === undefined) {
        this.#sendNow(data, mode, done);
        return;
      }
    }
    this.#enqueue(payloadLength(data), done, (next) => {
      const send = (payload: string | Uint8Array): void => {
        this.#sendPart(payload, mode, done, next);
      };
      if (isBlob(data)) this.#readBlob(data, send, done, next);
      else send(data);
    });
  }

  /** Sends a control frame, of at most 125 bytes. */
  control(opcode: Opcode, payload: string | Uint8Array | Blob, masked: boolean, done?: SendCallback): void {
    const first = firstByte(opcode, true, false);
    if (this.#isDirect() && !isBlob(payload)) {
      this.#write(first, payload, masked, done);
      return;
    }
    this.#enqueue(payloadLength(payload), done, (next) => {
      const write = (bytes: string | Uint8Array): void => {
        this.#write(first, bytes, masked, done);
        next();
      };
      if (isBlob(payload)) this.#readBlob(payload, write, done, next);
      else write(payload);
    });
  }

  /** Writes a frame, or several, that somebody else has made: in one piece, behind all that was sent before. */
  writeFrames(pieces: readonly Uint8Array[], done?: SendCallback): void {
    if (this.#isDirect()) {
      this.#writePieces(pieces, done);
      return;
    }
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    this.#enqueue(size, done, (next) => {
      this.#writePieces(pieces, done);
      next();
    });
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

  /** The socket is gone: what has not been framed yet never will be. */
  abandon(error: Error): void {
    this.#jobs?.abandon(error);
  }

  #isDirect(): boolean {
    return this.#jobs === undefined || this.#jobs.isIdle;
  }

  #enqueue(size: number, done: SendCallback | undefined, job: (next: () => void) => void): void {
    this.#jobs ??= new SendQueue();
    this.#jobs.add(size, job, (error) => done?.(error));
  }

  #readBlob(
    blob: Blob,
    then: (bytes: Uint8Array) => void,
    done: SendCallback | undefined,
    next: () => void,
  ): void {
    blob.arrayBuffer().then(
      (bytes) => {
        if (!this.#socket.destroyed) then(new Uint8Array(bytes));
      },
      (error: unknown) => {
        // In a tick of its own: what a listener throws must not be caught by this promise.
        process.nextTick(() => {
          this.#failed(this.#target, error as Error);
          done?.(error as Error);
          next();
        });
      },
    );
  }

  /** Sends at once what the extension compresses at once; what takes longer is a job that others wait for. */
  #sendNow(data: string | Uint8Array, mode: SendMode, done: SendCallback | undefined): void {
    const turn: { isOver: boolean; next?: () => void } = { isOver: false };
    this.#sendPart(data, mode, done, () => {
      turn.isOver = true;
      turn.next?.();
    });
    if (turn.isOver) return;
    this.#enqueue(payloadLength(data), done, (next) => {
      turn.next = next;
    });
  }

  /** Compresses, where that was negotiated and is wanted, and writes. */
  #sendPart(
    data: string | Uint8Array,
    mode: SendMode,
    done: SendCallback | undefined,
    next: () => void,
  ): void {
    const first = !this.#inMessage;
    if (this.#extension === undefined || !(first ? mode.compress : this.#compressing)) {
      this.#writeData(data, mode, false, done);
      next();
      return;
    }
    this.#extension.compress({ data, first, fin: mode.fin }, (error, compressed) => {
      if (this.#socket.destroyed) return;
      if (error !== null) {
        this.#failed(this.#target, error);
        done?.(error);
      } else {
        this.#writeData(compressed ?? data, mode, compressed !== undefined, done);
      }
      next();
    });
  }

  /** Frames a piece of a message: the first has the opcode and the extension's bit, the others continue it (§5.4). */
  #writeData(
    data: string | Uint8Array,
    mode: SendMode,
    compressed: boolean,
    done: SendCallback | undefined,
  ): void {
    const opcode = this.#inMessage ? Opcode.CONTINUATION : mode.opcode;
    const rsv1 = !this.#inMessage && compressed;
    this.#inMessage = !mode.fin;
    this.#compressing = this.#inMessage && compressed;
    const first = firstByte(opcode, mode.fin, rsv1);
    // Bytes of the user may change; text cannot, and what an extension has made is not changed.
    const canShare = !mode.masked && (compressed || typeof data === 'string');
    if (canShare && this.#share(first, data, done)) return;
    this.#write(first, data, mode.masked, done);
  }

  /** Takes the frame that another connection sends this turn, if there is one and nothing else has been written. */
  #share(first: number, payload: string | Uint8Array, done: SendCallback | undefined): boolean {
    const before = this.#run;
    const run = SharedRun.next(before, first, payload, this);
    if (run === undefined || this.#segment !== undefined) return false;
    this.#run = run;
    this.#flushThisTurn(done);
    return true;
  }

  #flushRun(run: SharedRun): void {
    this.#run = undefined;
    this.#writeBytes(run.bytes, this.#takeCallbacks());
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

  #write(first: number, payload: string | Uint8Array, masked: boolean, done: SendCallback | undefined): void {
    if (this.#run !== undefined) this.#leaveRun(this.#run);
    const size = roomFor(payload);
    if (size === undefined) {
      this.#writeLarge(first, payload, masked, done);
      return;
    }
    // The key comes first: whoever makes it may send something meanwhile.
    const key = masked ? this.#maskingKey() : undefined;
    const segment = this.#segmentFor(size);
    const { memory, end } = segment;
    segment.grow(
      typeof payload === 'string'
        ? writeTextFrame(memory, end, first, payload, key)
        : writeFrame(memory, end, first, payload, key),
    );
    this.#flushThisTurn(done);
  }

  /** Has what was written leave at the end of the turn, and `done` called then. */
  #flushThisTurn(done: SendCallback | undefined): void {
    if (done !== undefined) (this.#callbacks ??= []).push(done);
    if (this.#queued) return;
    this.#queued = true;
    flushThisTurn(this);
  }

  #writePieces(pieces: readonly Uint8Array[], done: SendCallback | undefined): void {
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
    this.#socket.cork();
    const last = pieces.length - 1;
    for (const [index, piece] of pieces.entries()) this.#writeBytes(piece, index === last ? done : undefined);
    this.#socket.uncork();
  }

  #segmentFor(size: number): Segment {
    const segment = Segment.withRoom(size, this.#segment);
    if (segment !== this.#segment) {
      if (this.#segment !== undefined) (this.#earlier ??= []).push(this.#segment);
      this.#segment = segment;
    }
    return segment;
  }

  /**
   * Writes a frame that is too long to be worth a copy, at once: later the user may have changed the bytes.
   * To mask is to copy, and text has to be encoded somewhere: those get memory of their own.
   */
  #writeLarge(first: number, payload: string | Uint8Array, masked: boolean, done?: SendCallback): void {
    this.flush();
    const key = masked ? this.#maskingKey() : undefined;
    if (typeof payload === 'string') {
      const frame = Buffer.allocUnsafeSlow(MAX_HEADER_SIZE + Buffer.byteLength(payload));
      this.#writeBytes(frame.subarray(0, writeTextFrame(frame, 0, first, payload, key)), done);
    } else if (key !== undefined) {
      const frame = Buffer.allocUnsafeSlow(frameHeaderSize(payload.length, true) + payload.length);
      writeFrame(frame, 0, first, payload, key);
      this.#writeBytes(frame, done);
    } else {
      const header = Buffer.allocUnsafe(frameHeaderSize(payload.length, false));
      writeFrameHeader(header, 0, first, payload.length, undefined);
      this.#socket.cork();
      this.#writeBytes(header, undefined);
      this.#writeBytes(payload, done);
      this.#socket.uncork();
    }
  }

  #writeSegment(segment: Segment, done: SendCallback | undefined): void {
    const socket = this.#socket;
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
    const joined = Segment.withRoom(size, undefined);
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
      this.#socket.write(bytes, done as ((error?: Error | null) => void) | undefined);
    } catch (error) {
      this.#socket.destroy(error as Error);
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

/** What can be done with the sending side by who does not own it. */
export type Sending = Pick<Outbound<never>, 'send' | 'control' | 'writeFrames'>;

/** How much room a frame may take in the slab, in bytes; undefined when it is too long to be copied there. */
function roomFor(payload: string | Uint8Array): number | undefined {
  if (typeof payload === 'string') {
    if (payload.length <= MAX_UNMEASURED) return maxTextFrameSize(payload.length);
    if (payload.length > MAX_COPIED) return undefined;
    const length = Buffer.byteLength(payload);
    return length > MAX_COPIED ? undefined : MAX_HEADER_SIZE + length;
  }
  return payload.length > MAX_COPIED ? undefined : MAX_HEADER_SIZE + payload.length;
}
