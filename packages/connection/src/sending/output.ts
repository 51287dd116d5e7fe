// Frames in, bytes out: what one connection sends in a turn leaves in one write.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { frameHeaderSize, type MaskingKey } from '@framewire/codec';
import { nextTick } from '../scheduling.ts';
import { Batch } from './batch.ts';
import type { Written } from './closed-segments.ts';
import type { EncodedFrame } from './encoded-frame.ts';
import { frameOf, MAX_COPIED, MAX_ROOM, payloadSize, roomFor } from './frame-bytes.ts';
import type { Ledger } from './ledger.ts';
import { settling, type SendCallback } from './send-callback.ts';
import type { SharedRun } from './shared-run.ts';
import { SLAB_SIZE } from './slab.ts';
import { writerFor, type StreamWriter } from './stream-writer.ts';
import { countFrame, flushThisTurn, watchExit, type Flushable } from './write-turn.ts';

/** How many bytes a turn holds back before a plain socket is given them. */
const MAX_TURN = 1024 * 1024;

/**
 * The frames of one connection on their way to the stream.
 *
 * A stream may deliver synchronously, and its receiver may answer before `write()` returns. Frames sent meanwhile are gathered and
 * leave afterwards.
 */
export class Output implements Flushable {
  readonly #ledger: Ledger;
  #batch: Batch | undefined = undefined;
  /** Whether the end of the turn is awaited. */
  #isQueued = false;
  /** Whether `stream.write()` is on the stack. */
  #isWriting = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    watchExit();
  }

  private get stream(): Duplex {
    return this.#ledger.stream;
  }

  /** Sends a frame. Its payload is copied, or written, before this returns. */
  send(
    firstByte: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    callback: SendCallback | undefined,
  ): void {
    const room = roomFor(payload);
    if (room > MAX_ROOM) {
      this.sendLong(firstByte, payload, key, callback);
      return;
    }
    const batch = this.batchAfterLongRun();
    batch.addFrame(firstByte, payload, key, room);
    this.leaveThisTurn(batch, callback);
  }

  /** Sends an unmasked frame whose payload cannot change, where another connection sends the same this turn; else returns false. */
  sendIfShared(firstByte: number, payload: string | Uint8Array, callback: SendCallback | undefined): boolean {
    const batch = (this.#batch ??= this.newBatch());
    const run = batch.nextRun(firstByte, payload, this);
    if (run === undefined) {
      // The turn has to end, where the frame is forgotten, also if it is so long that it is written immediately.
      this.leaveThisTurn(batch, undefined);
      return false;
    }
    this.leaveShared(batch, run, callback);
    return true;
  }

  /** Sends a frame that was encoded for many connections. */
  sendEncoded(frame: EncodedFrame, callback: SendCallback | undefined): void {
    const batch = this.batchAfterLongRun();
    const run = batch.runWith(frame);
    if (run !== undefined) this.leaveShared(batch, run, callback);
    else this.sendPieces([frame.bytes], callback);
  }

  /** Sends a frame, or several, that somebody else has made: in one piece, after all that was sent before. */
  sendPieces(pieces: readonly Uint8Array[], callback: SendCallback | undefined): void {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size <= MAX_COPIED) {
      const batch = this.batchAfterLongRun();
      batch.addCopy(pieces, size);
      this.leaveThisTurn(batch, callback);
      return;
    }
    if (!this.mayWrite(writerFor(this.stream))) {
      this.sendOwned(Buffer.concat(pieces), callback);
      return;
    }
    this.flush();
    const stream = this.stream;
    const copied = stream.writableLength > 0 ? [Buffer.concat(pieces)] : pieces;
    this.writeLong(size, callback, (written) => {
      stream.cork();
      for (const [index, piece] of copied.entries()) {
        stream.write(piece, index === copied.length - 1 ? written : undefined);
      }
      stream.uncork();
    });
  }

  /** Hands all that was sent to the stream. Does not throw: a connection that has lost bytes is at its end. */
  flush(): void {
    if (this.#isWriting) return;
    for (let batch; (batch = this.#batch) !== undefined;) {
      this.#batch = undefined;
      if (!batch.isEmpty) this.writeBatch(batch);
    }
  }

  endTurn(): void {
    this.#isQueued = false;
    this.flush();
  }

  endTurnEarly(): boolean {
    if (this.#isWriting || !writerFor(this.stream).reachesKernel) return false;
    this.endTurn();
    return true;
  }

  /** Ends the stream after all that was sent. */
  end(): void {
    this.flush();
    if (this.#isWriting) nextTick(end, this);
    // To end it again makes an error that nobody hears of: 6 % of what an upgrade with its close costs.
    else if (!this.stream.writableEnded) this.stream.end();
  }

  private writeBatch(batch: Batch): void {
    const stream = this.stream;
    const settled = this.#ledger.handOver(batch.length);
    if (settled !== undefined) batch.addCallback(settled);
    this.#isWriting = true;
    try {
      batch.write(stream, writerFor(stream));
    } catch (error) {
      // There was no memory to write from, or the stream threw, which a stream must not.
      stream.destroy(error as Error);
      nextTick(() => {
        batch.fail(error as Error);
      });
    } finally {
      this.#isWriting = false;
    }
  }

  /** Writes immediately what is too long to be gathered. */
  private writeLong(
    size: number,
    callback: SendCallback | undefined,
    write: (written: Written | undefined) => void,
  ): void {
    const callbacks = [callback, this.#ledger.handOver(size)].filter((it) => it !== undefined);
    this.#isWriting = true;
    try {
      write(callbacks.length > 0 ? settling(callbacks) : undefined);
    } finally {
      this.#isWriting = false;
    }
  }

  /** Whether a send may write to the stream, instead of waiting for the end of the turn. */
  private mayWrite(writer: StreamWriter): boolean {
    return writer.isImmediate && !this.#isWriting;
  }

  private newBatch(): Batch {
    return new Batch(this.stream.writableLength);
  }

  /** The batch, of which a run that is too long to be copied has left first where it may. */
  private batchAfterLongRun(): Batch {
    const batch = this.#batch;
    if (batch === undefined) return (this.#batch = this.newBatch());
    if (batch.sharedLength <= MAX_COPIED || !this.mayWrite(writerFor(this.stream))) return batch;
    this.flush();
    return (this.#batch ??= this.newBatch());
  }

  private sendLong(
    firstByte: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    callback: SendCallback | undefined,
  ): void {
    const writer = writerFor(this.stream);
    if (!this.mayWrite(writer)) {
      this.sendOwned(frameOf(firstByte, payload, key), callback);
      return;
    }
    this.flush();
    const size = payloadSize(payload);
    this.writeLong(frameHeaderSize(size, key !== undefined) + size, callback, (written) => {
      writer.writeLong(this.stream, { firstByte, payload, key }, written);
    });
  }

  /** Has bytes that nobody changes leave at the end of the turn. */
  private sendOwned(bytes: Uint8Array, callback: SendCallback | undefined): void {
    const batch = this.batchAfterLongRun();
    batch.addOwned(bytes);
    this.leaveThisTurn(batch, callback);
  }

  private leaveShared(batch: Batch, run: SharedRun, callback: SendCallback | undefined): void {
    const isLong = run.length > SLAB_SIZE && this.mayWrite(writerFor(this.stream));
    // First, as it throws where there is no memory.
    if (isLong) run.join();
    batch.goAlong(run);
    this.leaveThisTurn(batch, callback);
    if (isLong) this.flush();
  }

  /** Has what was gathered leave at the end of the turn. A turn with much in it ends here. */
  private leaveThisTurn(batch: Batch, callback: SendCallback | undefined): void {
    if (callback !== undefined) batch.addCallback(callback);
    this.#ledger.gather(batch.length, batch.held);
    if (batch.closedLength >= MAX_TURN && writerFor(this.stream).reachesKernel) this.flush();
    if (this.#isQueued) countFrame();
    else {
      this.#isQueued = true;
      flushThisTurn(this);
    }
  }
}

function end(output: Output): void {
  output.end();
}
