// Compressing messages (RFC 7692 §7.2.1), whole or by fragments, with or without context takeover.
import { Buffer } from 'node:buffer';
import type { ConcurrencyLimit } from './concurrency.ts';
import { deflatePool } from './engine-pool.ts';
import { ZlibEngine, type EngineOptions } from './zlib-engine.ts';

/** What a flushed block ends with; it is left off the end of a message (§7.2.1, step 3). */
const TAIL_LENGTH = 4;
/** An empty message, or the end of one that has been flushed already: the begin of an empty stored block (§7.2.3.6). */
const EMPTY_BLOCK = Buffer.of(0);

/** A piece of a message. */
export interface Part {
  readonly data: Uint8Array;
  /** Whether the message begins with it. */
  readonly first: boolean;
  /** Whether the message ends with it. */
  readonly fin: boolean;
}

/** Gives the compressed piece, before the call returns or later; undefined, for a whole message only, where nothing would be gained. */
export type DeflateDone = (error: Error | null, compressed?: Uint8Array) => void;

/** How a {@link Deflater} works. */
export interface DeflaterOptions {
  readonly engine: EngineOptions;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** From how many bytes on a piece is compressed on the thread pool. */
  readonly offThreadFrom: number;
  readonly concurrency: ConcurrencyLimit;
}

/** The compressor of one connection's messages. */
export class Deflater {
  readonly #options: DeflaterOptions;
  /** The context, or what was lent for the message under way. */
  #engine: ZlibEngine | undefined = undefined;
  #closed = false;

  constructor(options: DeflaterOptions) {
    this.#options = options;
  }

  /** Compresses a piece of a message. The next call has to wait until this one is done. */
  compress(part: Part, done: DeflateDone): void {
    const engine = (this.#engine ??= this.#takeEngine());
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): boolean => chunks.push(chunk) > 0;
    if (part.data.length < this.#options.offThreadFrom) {
      engine.run(part.data, take);
      this.#finish(part, chunks, done);
      return;
    }
    this.#options.concurrency.run((next) => {
      engine.runLater(part.data, take, (error) => {
        next();
        if (error !== null) done(error);
        else this.#finish(part, chunks, done);
      });
    });
  }

  /** Gives the context up: the next message begins a new window, which no receiver can tell. Between messages only. */
  dropContext(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  close(): void {
    this.#closed = true;
    this.dropContext();
  }

  #takeEngine(): ZlibEngine {
    const { takeover, engine } = this.#options;
    return takeover ? ZlibEngine.deflate(engine) : deflatePool.lend(engine);
  }

  #finish({ data, first, fin }: Part, chunks: readonly Buffer[], done: DeflateDone): void {
    const flushed = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    const compressed = fin ? withoutTail(flushed) : flushed;
    const gains = !(first && fin) || compressed.length < data.length;
    if (fin) this.#endMessage(gains);
    done(null, gains ? compressed : undefined);
  }

  #endMessage(sent: boolean): void {
    const engine = this.#engine;
    if (engine === undefined || this.#closed) return;
    if (!this.#options.takeover) {
      this.#engine = undefined;
      deflatePool.takeBack(engine, this.#options.engine);
    } else if (!sent) {
      // The peer never sees these bytes, so nothing may point back to them.
      engine.reset();
    }
  }
}

/** zlib flushes nothing where it has nothing new: then the message ends with an empty block. */
function withoutTail(flushed: Buffer): Buffer {
  return flushed.length > TAIL_LENGTH ? flushed.subarray(0, -TAIL_LENGTH) : EMPTY_BLOCK;
}
