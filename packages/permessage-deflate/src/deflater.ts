// Compressing messages (RFC 7692 §7.2.1), whole or by fragments, with or without context takeover.
import { Deflater as Stream, deflate } from '@framewire/deflate';
import { kernel } from '#kernels';
import type { ConcurrencyLimit } from './concurrency.ts';
import { DeflateJob, SLICE, workOf } from './deflate-job.ts';
import type { IdleContexts } from './idle-contexts.ts';
import type { ZlibPiece } from './kernels/kernel.ts';
import type { Counter } from './statistics.ts';
import type { TurnShare } from './turn-share.ts';

/** What a flushed block ends with; it is left off the end of a message (§7.2.1, step 3). */
const TAIL_LENGTH = 4;
/** The longest message that is compressed before the call returns, whatever else has been done in the turn. */
const SHORT = 32 * 1024;
/** How many bytes a context that is given up leaves for the next one to begin with. */
const KEPT = 4096;

/** A piece of a message, in bytes if not otherwise said. */
export interface Piece<Data = Uint8Array> {
  readonly data: Data;
  /** Whether the message begins with it. */
  readonly first: boolean;
  /** Whether the message ends with it. */
  readonly fin: boolean;
}

/** A piece of a message: bytes, or text, which cannot change. */
export type Part = Piece<string | Uint8Array>;

/**
 * Gives the compressed piece, before the call returns or later; undefined, for a whole message only, where nothing would be gained.
 * If the call comes later, `original` is what such a message consists of, unless it is text: its owner may have changed the bytes.
 */
export type DeflateDone = (error: Error | null, compressed?: Uint8Array, original?: Uint8Array) => void;

/** How {@link Deflater}s work: connections that agreed on the same share it. */
export interface DeflaterOptions {
  readonly level: number;
  readonly windowBits: number;
  /** What the first message may point back to; without takeover, every message. */
  readonly dictionary: Uint8Array | undefined;
  /** What `node:zlib` is asked for where it compresses. */
  readonly zlib: Omit<ZlibPiece, 'windowBits' | 'dictionary'>;
  /** Whether `node:zlib` compresses all messages: the engine cannot do what the options ask for. */
  readonly isZlibs: boolean;
  /** From how many bytes on a piece is compressed by `node:zlib` on the thread pool. */
  readonly offThreadFrom: number;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** Whether a whole message that would not shrink is not compressed. */
  readonly leaveIncompressible: boolean;
  readonly concurrency: ConcurrencyLimit;
  readonly turn: TurnShare;
  /** Makes contexts small that are not used; undefined: they are kept. */
  readonly idleContexts: IdleContexts | undefined;
}

/** The compressor of one connection's messages. */
export class Deflater {
  readonly #options: DeflaterOptions;
  readonly #counter: Counter;
  /** With takeover the context of the connection, from its first message on; otherwise that of a message in fragments. */
  #context: Stream | undefined = undefined;
  /** Whether a piece is being compressed in later turns, or on the thread pool. */
  #isAway = false;
  #closed = false;

  /** @param counter counts the time that compressing takes */
  constructor(options: DeflaterOptions, counter: Counter) {
    this.#options = options;
    this.#counter = counter;
  }

  /** Compresses a piece of a message. The next call has to wait until this one is done. */
  compress(part: Part, done: DeflateDone): void {
    const { offThreadFrom, isZlibs, turn } = this.#options;
    const isText = typeof part.data === 'string';
    const data = typeof part.data === 'string' ? kernel.encode(part.data) : part.data;
    const piece = { data, first: part.first, fin: part.fin };
    if (this.isShort(data.length)) this.#compressHere(piece, done);
    else if (isZlibs || data.length >= offThreadFrom) {
      this.#compressAway(isText ? piece : owned(piece), isText, done);
    } else if (data.length <= SLICE && turn.isOpen) {
      turn.spend(workOf(data.length, this.#options.level), 1);
      this.#compressHere(piece, done);
    } else this.#compressInSlices(piece, isText, done);
  }

  /** Whether a piece of so many bytes is compressed before the call returns, whatever else has been done in the turn. */
  isShort(length: number): boolean {
    return length <= SHORT && length < this.#options.offThreadFrom;
  }

  /** Adds a message to the context that was compressed without it, and is sent to the peer now. */
  remember(data: Uint8Array): void {
    this.#contextOf().remember(data);
    this.#options.idleContexts?.use(this);
  }

  /**
   * Gives most of the context up, unless it is at work. What comes next begins with the end of it, which no receiver can tell from a
   * compressor that found nothing farther back.
   */
  dropContext(): void {
    if (this.#isAway || this.#context === undefined) return;
    const history = this.#context.history(KEPT);
    this.#closeContext();
    this.#context = this.#begin(history);
  }

  close(): void {
    this.#closed = true;
    // What is under way ends before it looks at the context again.
    if (!this.#isAway) this.#closeContext();
  }

  // Here and now.

  #compressHere(piece: Piece, done: DeflateDone): void {
    let compressed: Uint8Array | undefined;
    const began = kernel.now();
    try {
      compressed = this.#run(piece);
      this.#endMessage(piece);
    } catch (error) {
      this.#closeContext();
      done(error as Error);
      return;
    } finally {
      this.#counter.addTime(kernel.now() - began, 'event loop');
    }
    done(null, compressed);
  }

  /** The compressed piece; undefined for a message that is left as it is. */
  #run(piece: Piece): Uint8Array | undefined {
    const { data, fin } = piece;
    const { isZlibs, takeover } = this.#options;
    if (isZlibs) return this.#judge(piece, zlib().deflate(data, this.#zlibPiece()));
    if (!takeover && isWhole(piece)) return this.#judge(piece, this.#runAlone(data));
    if (!this.#mayLeave(piece)) return withoutTail(this.#contextOf().deflate(data, 'sync'), fin);
    const most = data.length - 1 + TAIL_LENGTH;
    const made = this.#contextOf().deflateWithin(data, most);
    return made && withoutTail(made, fin);
  }

  #runAlone(data: Uint8Array): Uint8Array {
    const { level, windowBits, dictionary } = this.#options;
    return deflate(data, { level, windowBits, dictionary, flush: 'sync', allocate: kernel.allocate });
  }

  // In slices.

  #compressInSlices(piece: Piece, isText: boolean, done: DeflateDone): void {
    const job = new DeflateJob(piece.data);
    let before: Uint8Array | undefined;
    try {
      // If the message is left as it is, the context goes on as if it had not been.
      if (this.#options.takeover && this.#mayLeave(piece)) before = this.#contextOf().history();
      if (this.#options.turn.isOpen) this.#runSlices(job);
    } catch (error) {
      this.#closeContext();
      done(error as Error);
      return;
    }
    if (job.isDone) {
      this.#finishSlices(piece, job, before, done);
      return;
    }
    if (!isText) job.keep();
    const own = { ...piece, data: job.data };
    const told = kernel.inThisContext(done);
    this.#isAway = true;
    const goOn = (): void => {
      if (this.#closed) {
        this.#closeContext();
        return;
      }
      try {
        this.#runSlices(job);
      } catch (error) {
        this.#isAway = false;
        this.#closeContext();
        told(error as Error);
        return;
      }
      if (!job.isDone) {
        this.#options.turn.wait(goOn);
        return;
      }
      this.#isAway = false;
      this.#finishSlices(own, job, before, told, isText ? undefined : job.data);
    };
    this.#options.turn.wait(goOn);
  }

  /** Compresses at least one slice, and as many as the turn has time for. */
  #runSlices(job: DeflateJob): void {
    const { turn, level } = this.#options;
    const began = kernel.now();
    do turn.spend(workOf(job.step(this.#contextOf()), level), 1);
    while (!job.isDone && turn.isOpen);
    this.#counter.addTime(kernel.now() - began, 'event loop');
  }

  #finishSlices(
    piece: Piece,
    job: DeflateJob,
    before: Uint8Array | undefined,
    done: DeflateDone,
    original?: Uint8Array,
  ): void {
    const compressed = withoutTail(job.joined(), piece.fin);
    if (!this.#mayLeave(piece) || compressed.length < piece.data.length) {
      this.#endMessage(piece);
      done(null, compressed);
      return;
    }
    this.#closeContext();
    if (before !== undefined) this.#context = this.#begin(before);
    done(null, undefined, original);
  }

  // On the thread pool.

  #compressAway(piece: Piece, isText: boolean, done: DeflateDone): void {
    const told = kernel.inThisContext(done);
    this.#isAway = true;
    const began = kernel.now();
    this.#options.concurrency.run((next) => {
      const settle = (error: Error | null, made?: Uint8Array): void => {
        this.#isAway = false;
        this.#counter.addTime(kernel.now() - began, 'thread pool');
        try {
          if (this.#closed) this.#closeContext();
          else this.#settle(piece, isText, told, error, made);
        } finally {
          next();
        }
      };
      if (this.#closed) {
        settle(null);
        return;
      }
      try {
        zlib().deflateLater(piece.data, this.#zlibPiece(), settle);
      } catch (error) {
        settle(error as Error);
      }
    });
  }

  #settle(piece: Piece, isText: boolean, told: DeflateDone, error: Error | null, made = piece.data): void {
    let compressed: Uint8Array | undefined;
    try {
      if (error !== null) throw error;
      compressed = this.#judge(piece, made);
      this.#endMessage(piece);
    } catch (failure) {
      this.#closeContext();
      told(failure as Error);
      return;
    }
    told(null, compressed, compressed === undefined && !isText ? piece.data : undefined);
  }

  /** What `node:zlib` is asked for: it begins with what the connection, or the message, has said. */
  #zlibPiece(): ZlibPiece {
    const { zlib, windowBits, dictionary, takeover } = this.#options;
    const context = takeover ? this.#contextOf() : this.#context;
    const history = context?.history() ?? dictionary;
    // zlib has no raw compressor with a window of 256 bytes: that of 512 keeps to it.
    const own = { ...zlib, windowBits: Math.max(windowBits, 9) };
    return history === undefined || history.length === 0 ? own : { ...own, dictionary: history };
  }

  // What comes of it.

  /** The message without its tail, or undefined where it is left as it is. What was compressed elsewhere is added to the context. */
  #judge(piece: Piece, made: Uint8Array): Uint8Array | undefined {
    const compressed = withoutTail(made, piece.fin);
    if (this.#mayLeave(piece) && compressed.length >= piece.data.length) return undefined;
    if (this.#options.takeover || !isWhole(piece)) this.#contextOf().remember(piece.data);
    return compressed;
  }

  #mayLeave(piece: Piece): boolean {
    return this.#options.leaveIncompressible && isWhole(piece);
  }

  #endMessage({ fin }: Piece): void {
    if (!this.#options.takeover) {
      if (fin) this.#closeContext();
    } else if (fin) this.#options.idleContexts?.use(this);
  }

  #contextOf(): Stream {
    return (this.#context ??= this.#begin(this.#options.dictionary));
  }

  #begin(dictionary: Uint8Array | undefined): Stream {
    const { level, windowBits } = this.#options;
    return new Stream({ level, windowBits, dictionary, allocate: kernel.allocate });
  }

  #closeContext(): void {
    if (this.#context === undefined) return;
    this.#options.idleContexts?.delete(this);
    this.#context.close();
    this.#context = undefined;
  }
}

function isWhole({ first, fin }: Piece): boolean {
  return first && fin;
}

function owned(piece: Piece): Piece {
  return { ...piece, data: kernel.copy(piece.data) };
}

/** @throws `Error` where there is no `node:zlib` */
function zlib(): NonNullable<typeof kernel.zlib> {
  if (kernel.zlib === undefined) throw new Error('This engine has no zlib for these options');
  return kernel.zlib;
}

/** zlib flushes nothing where it has nothing new: then the message ends with an empty stored block (§7.2.3.6). */
function withoutTail(flushed: Uint8Array, fin: boolean): Uint8Array {
  if (!fin) return flushed;
  return flushed.length > TAIL_LENGTH ? flushed.subarray(0, -TAIL_LENGTH) : Uint8Array.of(0);
}
