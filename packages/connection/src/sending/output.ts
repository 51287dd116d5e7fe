// Hands the frames of one connection to its stream. What is sent in one turn is written together.
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
import { SharedRun } from './shared-run.ts';
import { SLAB_SIZE } from './slab.ts';
import type { StreamWriter } from './stream-writer.ts';
import { countFrame, flushThisTurn, watchExit, type Flushable } from './write-turn.ts';

/** How many bytes a turn may gather before they are written to a plain socket. */
const MAX_TURN = 1024 * 1024;

/** A run has no callbacks, and its stream held no bytes when its first frame was sent. */
type Gathered = Batch | SharedRun;

/**
 * The frames of one connection on their way to the stream.
 *
 * A stream may deliver synchronously, and its receiver may answer before `write()` returns. Frames sent meanwhile are gathered, and
 * written after it returns.
 */
export class Output implements Flushable {
  readonly ledger: Ledger;
  /**
   * The frames that were gathered this turn. While other connections send the same frames, and no send has a callback, this is a run, so
   * that a broadcast allocates nothing for each connection (benchmark scenario `publish-x1`).
   */
  #gathered: Gathered | undefined = undefined;
  /** Whether the end of the turn will call {@link Output.endTurn}. */
  #isQueued = false;
  /** Whether `stream.write()` is on the stack. */
  #isWriting = false;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
    watchExit();
  }

  get isDestroyed(): boolean {
    return this.stream.destroyed;
  }

  /** Whether nothing more can be written. */
  get isOver(): boolean {
    return this.stream.destroyed || this.stream.writableEnded;
  }

  private get stream(): Duplex {
    return this.ledger.stream;
  }

  /**
   * Sends a frame. Its payload is copied, or passed to the stream, before this returns.
   *
   * @param isConstant whether the payload cannot change. If so, other connections may share the frame.
   */
  send(
    firstByte: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    isConstant: boolean,
    callback: SendCallback | undefined,
  ): void {
    const isShareable = isConstant && key === undefined;
    if (!isShareable || !this.sendIfShared(firstByte, payload, callback)) {
      this.sendOwn(firstByte, payload, key, callback);
    }
  }

  /** Like {@link Output.send}, for a frame that other connections do not share. A short method, so that V8 inlines it. */
  sendOwn(
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
    this.schedule(batch, callback);
  }

  /** Shares a frame with the connections that have sent the same one this turn. Returns false if there is no such connection. */
  private sendIfShared(
    firstByte: number,
    payload: string | Uint8Array,
    callback: SendCallback | undefined,
  ): boolean {
    const gathered = this.#gathered;
    const run =
      gathered === undefined
        ? SharedRun.find(undefined, firstByte, payload, this)
        : gathered.nextRun(firstByte, payload, this);
    if (run === undefined) {
      // The frame is now remembered until the turn ends. Schedule that end, even if the frame is long and written immediately.
      this.schedule(this.batch(), undefined);
      return false;
    }
    this.scheduleRun(run, callback);
    return true;
  }

  /** Sends a frame that was encoded for many connections. */
  sendEncoded(frame: EncodedFrame, callback: SendCallback | undefined): void {
    this.flushLongRun();
    const gathered = this.#gathered;
    const run = gathered === undefined ? SharedRun.after(undefined, frame) : gathered.runWith(frame);
    if (run !== undefined) this.scheduleRun(run, callback);
    else this.sendEncodedBytes([frame.bytes], callback);
  }

  /** Sends encoded frames, in chunks of any size, after all earlier frames. */
  sendEncodedBytes(chunks: readonly Uint8Array[], callback: SendCallback | undefined): void {
    const size = chunks.reduce((sum, { length }) => sum + length, 0);
    if (size <= MAX_COPIED) {
      const batch = this.batchAfterLongRun();
      batch.addCopy(chunks, size);
      this.schedule(batch, callback);
      return;
    }
    if (!this.mayWrite(this.ledger.writer)) {
      this.sendOwned(Buffer.concat(chunks), callback);
      return;
    }
    this.flush();
    const stream = this.stream;
    const copied = stream.writableLength > 0 ? [Buffer.concat(chunks)] : chunks;
    this.writeLong(size, callback, (written) => {
      stream.cork();
      for (const [index, chunk] of copied.entries()) {
        stream.write(chunk, index === copied.length - 1 ? written : undefined);
      }
      stream.uncork();
    });
  }

  /** Hands everything that was sent to the stream. Does not throw: an error ends the connection. */
  flush(): void {
    if (this.#isWriting) return;
    for (let gathered; (gathered = this.#gathered) !== undefined;) {
      this.#gathered = undefined;
      if (!gathered.isEmpty) this.write(gathered);
    }
  }

  endTurn(): void {
    this.#isQueued = false;
    this.flush();
  }

  endTurnEarly(): boolean {
    if (this.#isWriting || !this.ledger.writer.reachesKernel) return false;
    this.endTurn();
    return true;
  }

  /** Ends the stream after everything that was sent. */
  end(): void {
    this.flush();
    if (this.#isWriting) nextTick(end, this);
    // Node creates an error when a stream is ended again, which would make closing slower (benchmark scenario `upgrade`).
    else if (!this.stream.writableEnded) this.stream.end();
  }

  private write(gathered: Gathered): void {
    const stream = this.stream;
    const settled = this.ledger.handOver(gathered.length);
    const frames = settled === undefined ? gathered : this.withCallback(gathered, settled);
    this.#isWriting = true;
    try {
      frames.write(stream, this.ledger.writer);
    } catch (error) {
      // There was no memory, or the stream threw an exception, which streams must not do.
      stream.destroy(error as Error);
      nextTick(fail, frames, error);
    } finally {
      this.#isWriting = false;
    }
  }

  /** Immediately writes a frame that is too long to be gathered. */
  private writeLong(
    size: number,
    callback: SendCallback | undefined,
    write: (written: Written | undefined) => void,
  ): void {
    const settled = this.ledger.handOver(size);
    const callbacks = [callback, settled].filter((it) => it !== undefined);
    this.#isWriting = true;
    try {
      write(callbacks.length > 0 ? settling(callbacks) : undefined);
    } catch (error) {
      settled?.(error as Error);
      throw error;
    } finally {
      this.#isWriting = false;
      // The turn of what was sent meanwhile may have ended.
      this.flush();
    }
  }

  /** Whether a send may write to the stream immediately, instead of at the end of the turn. */
  private mayWrite(writer: StreamWriter): boolean {
    return writer.isImmediate && !this.#isWriting;
  }

  /** Returns a batch to which any frame can be added. If its run is too long to be copied, writes the run first, if that is possible now. */
  private batchAfterLongRun(): Batch {
    this.flushLongRun();
    return this.batch();
  }

  private flushLongRun(): void {
    const gathered = this.#gathered;
    if (gathered === undefined || gathered.sharedLength <= MAX_COPIED) return;
    if (this.mayWrite(this.ledger.writer)) this.flush();
  }

  private batch(): Batch {
    const gathered = this.#gathered;
    return gathered instanceof Batch ? gathered : (this.#gathered = this.batchOf(gathered));
  }

  private batchOf(gathered: Gathered | undefined): Batch {
    if (gathered instanceof Batch) return gathered;
    return new Batch(this.stream.writableLength, gathered);
  }

  private withCallback(gathered: Gathered, callback: SendCallback): Batch {
    const batch = this.batchOf(gathered);
    batch.addCallback(callback);
    return batch;
  }

  private sendLong(
    firstByte: number,
    payload: string | Uint8Array,
    key: MaskingKey | undefined,
    callback: SendCallback | undefined,
  ): void {
    const writer = this.ledger.writer;
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

  /** Gathers bytes without copying them, because nothing will change them. */
  private sendOwned(bytes: Uint8Array, callback: SendCallback | undefined): void {
    const batch = this.batchAfterLongRun();
    batch.addOwned(bytes);
    this.schedule(batch, callback);
  }

  private scheduleRun(run: SharedRun, callback: SendCallback | undefined): void {
    const isLong = run.length > SLAB_SIZE && this.mayWrite(this.ledger.writer);
    // Before the batch changes, because `join()` throws if there is no memory.
    if (isLong) run.join();
    const before = this.#gathered ?? this.initial();
    const gathered = (this.#gathered = before === undefined ? run : before.followedBy(run));
    this.schedule(gathered, callback);
    if (isLong) this.flush();
  }

  /** A stream that still holds bytes needs a batch, which remembers how many. */
  private initial(): Batch | undefined {
    return this.stream.writableLength === 0 ? undefined : this.batch();
  }

  /** Schedules what was gathered for the end of the turn. Writes it now if it is large. */
  private schedule(gathered: Gathered, callback: SendCallback | undefined): void {
    if (callback !== undefined) this.batch().addCallback(callback);
    this.ledger.gather(gathered.length, gathered.held);
    if (gathered.closedLength >= MAX_TURN && this.ledger.writer.reachesKernel) this.flush();
    if (this.#isQueued) countFrame();
    else {
      this.#isQueued = true;
      flushThisTurn(this);
    }
  }
}

function fail(frames: Gathered, error: Error): void {
  frames.fail(error);
}

function end(output: Output): void {
  output.end();
}
