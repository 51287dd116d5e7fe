// Decompressing messages (RFC 7692 §7.2.2), within a limit, with or without context takeover.
import { Buffer } from 'node:buffer';
import type { ConcurrencyLimit } from './concurrency.ts';
import { inflatePool } from './engine-pool.ts';
import { ZlibEngine, type EngineOptions } from './zlib-engine.ts';

/** What was left off the end of the message (§7.2.2, step 1). */
const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);
/** Input is inflated in slices of this size, in bytes: none can make more than about a thousand times as much before the limit is looked at. */
const SLICE = 2048;

/** An error that says with which code to fail the connection. */
export type InflateError = Error & { readonly code: string; readonly closeCode: number };

/** Gives the message, before the call returns or later. */
export type InflateDone = (error: InflateError | null, data?: Buffer) => void;

/** How an {@link Inflater} works. */
export interface InflaterOptions {
  readonly engine: EngineOptions;
  /** Whether a message may point back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** The longest message, in bytes; 0 = no limit. */
  readonly maxPayload: number;
  /** From how many compressed bytes on a message is inflated on the thread pool. */
  readonly offThreadFrom: number;
  readonly concurrency: ConcurrencyLimit;
}

/** The decompressor of one connection's messages. */
export class Inflater {
  readonly #options: InflaterOptions;
  #engine: ZlibEngine | undefined = undefined;

  constructor(options: InflaterOptions) {
    this.#options = options;
  }

  /** Makes the original of a whole message. The next call has to wait until this one is done. */
  decompress(message: Uint8Array, done: InflateDone): void {
    const job = new InflateJob(this.#options.maxPayload);
    const input = Buffer.concat([message, TAIL]);
    if (message.length < this.#options.offThreadFrom) this.#run(job, input, done);
    else {
      this.#options.concurrency.run((next) => {
        this.#runLater(job, input, (error, data) => {
          next();
          done(error, data);
        });
      });
    }
  }

  close(): void {
    this.#engine?.close();
    this.#engine = undefined;
  }

  #run(job: InflateJob, input: Buffer, done: InflateDone): void {
    let rest = input;
    try {
      while (rest.length > 0 && !job.isOver) {
        const slice = rest.subarray(0, SLICE);
        const engine = this.#currentEngine();
        engine.run(slice, job.take);
        rest = rest.subarray(engine.consumed);
        if (engine.consumed < slice.length && !this.#beginNextStream(job, rest)) break;
      }
    } catch (error) {
      this.#fail(corrupt(error as Error), done);
      return;
    }
    this.#finish(job, done);
  }

  #runLater(job: InflateJob, input: Buffer, done: InflateDone): void {
    const engine = this.#currentEngine();
    engine.runLater(input, job.take, (error) => {
      if (error !== null) {
        this.#fail(corrupt(error), done);
        return;
      }
      const rest = input.subarray(engine.consumed);
      if (rest.length > 0 && !job.isOver && this.#beginNextStream(job, rest)) this.#runLater(job, rest, done);
      else this.#finish(job, done);
    });
  }

  /**
   * A block with BFINAL set ended the stream (§7.2.3.4); what is left of the message begins another. False when that
   * is only what stands behind every message.
   */
  #beginNextStream(job: InflateJob, rest: Buffer): boolean {
    const engine = this.#currentEngine();
    if (engine.isClosed) this.#engine = undefined;
    else engine.reset();
    job.countStream(rest.length);
    return rest.length > TAIL.length + 1;
  }

  #finish(job: InflateJob, done: InflateDone): void {
    if (job.isOver) {
      this.#fail(tooLong(), done);
      return;
    }
    const engine = this.#engine;
    if (!this.#options.takeover && engine !== undefined) {
      this.#engine = undefined;
      inflatePool.takeBack(engine, this.#options.engine);
    }
    done(null, job.data());
  }

  /** The engine is in the middle of something that will never end: the next user gets another. */
  #fail(error: InflateError, done: InflateDone): void {
    this.close();
    done(error);
  }

  #currentEngine(): ZlibEngine {
    const { takeover, engine } = this.#options;
    this.#engine ??= takeover ? ZlibEngine.inflate(engine) : inflatePool.lend(engine);
    return this.#engine;
  }
}

/** What has come of a message so far. */
class InflateJob {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #left = Infinity;

  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Infinity;
  }

  /** Whether the limit has been passed. */
  get isOver(): boolean {
    return this.#length > this.#limit;
  }

  /** Takes output; false once it is too much. */
  readonly take = (chunk: Buffer): boolean => {
    this.#length += chunk.length;
    if (this.isOver) return false;
    this.#chunks.push(chunk);
    return true;
  };

  /** @throws `Error` when a new stream has not used any input either: there is no progress */
  countStream(left: number): void {
    if (left >= this.#left) throw new Error('unexpected data behind the end of the stream');
    this.#left = left;
  }

  data(): Buffer {
    const [only = Buffer.alloc(0)] = this.#chunks;
    return this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#length) : only;
  }
}

function corrupt(cause: Error): InflateError {
  const { code = 'Z_DATA_ERROR' } = cause as { code?: string };
  const error = new Error(cause.message.replace(/^zlib: /, ''), { cause });
  return Object.assign(error, { code, closeCode: 1007 });
}

function tooLong(): InflateError {
  return Object.assign(new RangeError('Max payload size exceeded'), {
    code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    closeCode: 1009,
  });
}
