// Compressing messages (RFC 7692 §7.2.1), whole or by fragments, with or without context takeover.
import { Buffer } from 'node:buffer';
import { inThisContext } from './async-context.ts';
import type { ConcurrencyLimit } from './concurrency.ts';
import type { EnginePool } from './engine-pool.ts';
import { History, HISTORY_LIMIT } from './history.ts';
import type { IdleContexts } from './idle-contexts.ts';
import { ZlibEngine } from './zlib-engine.ts';

/** What a flushed block ends with; it is left off the end of a message (§7.2.1, step 3). */
const TAIL_LENGTH = 4;
/** An empty message, or the end of one that has been flushed already: the begin of an empty stored block (§7.2.3.6). */
const EMPTY_BLOCK = Buffer.of(0);

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

/** A piece on the thread pool, or one that waits for a place there. */
interface Job {
  /** Undefined once nobody wants it any more. */
  part: Part | undefined;
  readonly done: DeflateDone;
}

/** How {@link Deflater}s work: connections that agreed on the same share it. */
export interface DeflaterOptions {
  /** The engines that are lent, and what contexts are made like. */
  readonly pool: EnginePool;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The size of the buffers that a context writes to, in bytes; undefined: zlib's. */
  readonly chunkSize: number | undefined;
  /** Whether a whole message that would not shrink is not compressed. */
  readonly leaveIncompressible: boolean;
  /** From how many bytes on a piece is compressed on the thread pool. */
  readonly offThreadFrom: number;
  readonly concurrency: ConcurrencyLimit;
  /** Gives contexts up that are not used; undefined: they are kept. */
  readonly idleContexts: IdleContexts | undefined;
}

/** The compressor of one connection's messages. */
export class Deflater {
  readonly #options: DeflaterOptions;
  /** The context, or what was made or lent for the message under way. */
  #engine: ZlibEngine | undefined = undefined;
  /** Whether the engine goes back when the message has ended. */
  #isLent = false;
  /** With context takeover: what a context is made from. */
  #history: History | undefined = undefined;
  #away: Job | undefined = undefined;
  #closed = false;

  constructor(options: DeflaterOptions) {
    this.#options = options;
  }

  /** Compresses a piece of a message. The next call has to wait until this one is done. */
  compress(part: Part, done: DeflateDone): void {
    const { offThreadFrom } = this.#options;
    // A text has at least as many bytes as characters.
    const piece = part.data.length >= offThreadFrom ? undefined : encoded(part);
    if (piece === undefined || piece.data.length >= offThreadFrom) {
      this.#compressLater(part, done);
      return;
    }
    let flushed: Buffer;
    try {
      flushed = this.#engineFor(piece).run(piece.data);
    } catch (error) {
      this.#closeEngine();
      done(error as Error);
      return;
    }
    done(null, this.#finish(piece, flushed));
  }

  /**
   * Compresses on the thread pool, when there is a place. While it waits, it holds no engine that is lent, and the piece once: text as
   * it is, bytes as a copy, as their owner may change them. A connection that closes meanwhile is told nothing.
   */
  #compressLater(part: Part, done: DeflateDone): void {
    const { data } = part;
    // The closure below must not hold the caller's bytes.
    const isText = typeof data === 'string';
    const own = isText ? part : { ...part, data: Buffer.from(data) };
    const job: Job = { part: own, done: inThisContext(done) };
    this.#away = job;
    this.#options.concurrency.run((next) => {
      if (job.part === undefined) next();
      else this.#compressAway(job, encoded(job.part), isText, next);
    });
  }

  #compressAway(job: Job, piece: Piece, isText: boolean, next: () => void): void {
    const chunks: Buffer[] = [];
    const settle = (error: Error | null): void => {
      this.#away = undefined;
      try {
        if (this.#closed) return;
        if (error === null) {
          const compressed = this.#finish(piece, Buffer.concat(chunks));
          job.done(null, compressed, compressed === undefined && !isText ? piece.data : undefined);
        } else {
          this.#closeEngine();
          job.done(error);
        }
      } finally {
        next();
      }
    };
    let engine: ZlibEngine;
    try {
      engine = this.#engineFor(piece);
    } catch (error) {
      settle(error as Error);
      return;
    }
    engine.runLater(piece.data, (chunk) => chunks.push(chunk) > 0, settle);
  }

  /**
   * Gives the context up, unless it is at work. What comes next begins with no more than the history, which no receiver can tell
   * from a compressor that found nothing farther back.
   */
  dropContext(): void {
    if (this.#away === undefined) this.#closeEngine();
  }

  close(): void {
    this.#closed = true;
    this.#closeEngine();
    this.#history = undefined;
    if (this.#away !== undefined) this.#away.part = undefined;
  }

  #closeEngine(): void {
    if (this.#engine === undefined) return;
    this.#options.idleContexts?.delete(this);
    this.#engine.close();
    this.#engine = undefined;
  }

  #engineFor(piece: Piece): ZlibEngine {
    return (this.#engine ??= this.#takeEngine(piece));
  }

  /**
   * For a whole message an engine is lent, without context takeover, and with it for a connection's first one, if the history
   * holds that: a connection that says only one thing never has a context. What is lent forgets at each flush, also between
   * fragments, which have an engine made for them.
   */
  #takeEngine({ data, first, fin }: Piece): ZlibEngine {
    const { takeover, pool, chunkSize } = this.#options;
    const history = takeover ? (this.#history ??= new History(pool.options.dictionary)) : undefined;
    this.#isLent = first && fin && (history === undefined || this.#isEnough(history, data));
    if (this.#isLent) return pool.lend();
    const own = history === undefined || history.isEmpty ? {} : { dictionary: history.bytes };
    return ZlibEngine.deflate({ ...pool.options, chunkSize, ...own });
  }

  /** Whether the history alone will do after this message. It holds the end of a dictionary only. */
  #isEnough(history: History, data: Uint8Array): boolean {
    return (
      history.isEmpty && data.length <= HISTORY_LIMIT && this.#options.pool.options.dictionary === undefined
    );
  }

  #finish({ data, first, fin }: Piece, flushed: Buffer): Uint8Array | undefined {
    const compressed = fin ? withoutTail(flushed) : flushed;
    const gains = compressed.length < data.length || !(first && fin && this.#mayLeave());
    if (gains) this.#history?.add(data);
    if (fin) this.#endMessage(gains);
    return gains ? compressed : undefined;
  }

  /**
   * Whether a message that does not shrink is sent as it is. The peer never sees it compressed, so nothing may point back to it: a
   * context is lost by that. One that remembers more than the history is worth the few bytes that the message costs.
   */
  #mayLeave(): boolean {
    const { leaveIncompressible } = this.#options;
    return leaveIncompressible && (this.#isLent || this.#history === undefined || this.#history.isWhole);
  }

  #endMessage(sent: boolean): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    if (this.#isLent) {
      this.#engine = undefined;
      this.#options.pool.takeBack(engine);
    } else if (sent && this.#options.takeover) {
      this.#options.idleContexts?.use(this);
    } else {
      this.#closeEngine();
    }
  }
}

function encoded(part: Part): Piece {
  const { data, first, fin } = part;
  return typeof data === 'string' ? { data: Buffer.from(data), first, fin } : (part as Piece);
}

/** zlib flushes nothing where it has nothing new: then the message ends with an empty block. */
function withoutTail(flushed: Buffer): Buffer {
  return flushed.length > TAIL_LENGTH ? flushed.subarray(0, -TAIL_LENGTH) : EMPTY_BLOCK;
}
