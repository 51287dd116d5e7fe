// Compresses messages (RFC 7692 §7.2.1), whole or in fragments, with or without context takeover.
import { Deflater as Stream, deflate } from '@framewire/deflate';
import { callAll } from './calls.ts';
import type { ConcurrencyLimit } from './concurrency.ts';
import { DeflateJob, SLICE, workOf } from './deflate-job.ts';
import type { IdleContexts } from './idle-contexts.ts';
import { kernel, type ZlibSettings } from './kernels/kernel.ts';
import type { Counter } from './statistics.ts';
import type { TurnShare } from './turn-share.ts';

/** The end of a flushed block, which is removed at the end of a message (§7.2.1, step 3). */
const TAIL_LENGTH = 4;
/** The longest message that is always compressed before the call returns. */
const SHORT = 32 * 1024;
/** How many bytes of history a dropped context leaves to the next one. */
const KEPT = 4096;

/** A fragment of a message. */
export interface Fragment<Data = Uint8Array> {
  readonly data: Data;
  /** Whether it is the first fragment of the message. */
  readonly first: boolean;
  /** Whether it is the last fragment of the message. */
  readonly fin: boolean;
}

/** A fragment of a message to compress: bytes, or text, which cannot change. */
export type Part = Fragment<string | Uint8Array>;

/**
 * Receives the compressed fragment, synchronously or later. For a whole message it may receive `undefined`: send it uncompressed.
 * If the call comes later and the message was bytes, `original` is a copy of them, because their owner may have changed them.
 */
export type DeflateDone = (error: Error | null, compressed?: Uint8Array, original?: Uint8Array) => void;

/** The settings of a {@link Deflater}. Connections with the same agreement share them. */
export interface DeflaterOptions {
  readonly level: number;
  readonly windowBits: number;
  /** Bytes that the first message, or without takeover every message, may refer back to. */
  readonly dictionary: Uint8Array | undefined;
  /** The options for `node:zlib`, for the messages that it compresses. */
  readonly zlib: Omit<ZlibSettings, 'windowBits' | 'dictionary'>;
  /** Whether `node:zlib` compresses all messages, because the engine does not support the options. */
  readonly usesZlib: boolean;
  /** `node:zlib` compresses fragments of at least this many bytes on the thread pool. */
  readonly offThreadFrom: number;
  /** Whether a message may refer back to earlier ones (§7.1.1). */
  readonly takeover: boolean;
  /** Whether a whole message that would not shrink is sent uncompressed. */
  readonly leaveIncompressible: boolean;
  readonly concurrency: ConcurrencyLimit;
  readonly turn: TurnShare;
  /** Drops unused contexts; `undefined` keeps them. */
  readonly idleContexts: IdleContexts | undefined;
}

/** Compresses the messages of one connection. */
export class Deflater {
  readonly #options: DeflaterOptions;
  readonly #counter: Counter;
  /** With takeover: the context of the connection, created for its first message. Without: that of a fragmented message. */
  #context: Stream | undefined = undefined;
  /** Whether a fragment is being compressed in later turns or on the thread pool. */
  #isPending = false;
  #closed = false;

  /** @param counter counts the time spent on compression */
  constructor(options: DeflaterOptions, counter: Counter) {
    this.#options = options;
    this.#counter = counter;
  }

  /** Compresses a fragment. The next call must wait until this one is done. */
  compress(part: Part, done: DeflateDone): void {
    const { offThreadFrom, usesZlib, turn } = this.#options;
    const isText = typeof part.data === 'string';
    const data = typeof part.data === 'string' ? kernel.encode(part.data) : part.data;
    const fragment = { data, first: part.first, fin: part.fin };
    if (this.isShort(data.length)) this.#compressHere(fragment, done);
    else if (usesZlib || data.length >= offThreadFrom) {
      this.#compressOffThread(isText ? fragment : owned(fragment), isText, done);
    } else if (data.length <= SLICE && turn.isOpen) {
      turn.spend(workOf(data.length, this.#options.level), 1);
      this.#compressHere(fragment, done);
    } else this.#compressInSlices(fragment, isText, done);
  }

  /** Whether a fragment of this length is always compressed before the call returns. */
  isShort(length: number): boolean {
    return length <= SHORT && length < this.#options.offThreadFrom;
  }

  /** Adds to the context a message that was compressed without it, and that is being sent to the peer. */
  remember(data: Uint8Array): void {
    this.#contextOf().remember(data);
    this.#options.idleContexts?.use(this);
  }

  /**
   * Reduces the context to the end of its history, unless it is in use. To the receiver, this looks like a compressor that found no
   * match farther back.
   */
  dropContext(): void {
    const context = this.#context;
    if (this.#isPending || context === undefined) return;
    try {
      this.#begin(context.history(KEPT));
      context.close();
    } catch {
      // There is no memory for a smaller one.
      if (this.#context !== context) this.#context?.close();
      this.#context = context;
    }
  }

  close(): void {
    this.#closed = true;
    // A pending job ends before it uses the context again.
    if (!this.#isPending) this.#closeContext();
  }

  // Synchronously.

  #compressHere(fragment: Fragment, done: DeflateDone): void {
    let compressed: Uint8Array | undefined;
    const began = kernel.now();
    try {
      compressed = this.#run(fragment);
      this.#endMessage(fragment);
    } catch (error) {
      this.#closeContext();
      done(error as Error);
      return;
    } finally {
      this.#counter.addTime(kernel.now() - began, 'event loop');
    }
    done(null, compressed);
  }

  /** Returns the compressed fragment, or `undefined` for a message to send uncompressed. */
  #run(fragment: Fragment): Uint8Array | undefined {
    const { data, fin } = fragment;
    const { usesZlib, takeover } = this.#options;
    if (usesZlib) return this.#complete(fragment, zlib().deflate(data, this.#zlibSettings()));
    if (!takeover && isWhole(fragment)) return this.#complete(fragment, this.#runAlone(data));
    if (!this.#maySkip(fragment)) return withoutTail(this.#contextOf().deflate(data, 'sync'), fin);
    const most = data.length - 1 + TAIL_LENGTH;
    const made = this.#contextOf().deflateWithin(data, most);
    return made && withoutTail(made, fin);
  }

  #runAlone(data: Uint8Array): Uint8Array {
    const { level, windowBits, dictionary } = this.#options;
    return deflate(data, { level, windowBits, dictionary, flush: 'sync', allocate: kernel.allocate });
  }

  // In slices, over several turns.

  #compressInSlices(fragment: Fragment, isText: boolean, done: DeflateDone): void {
    const job = new DeflateJob(fragment.data);
    let before: Uint8Array | undefined;
    try {
      // If the message is sent uncompressed, the context has to go back to this state.
      if (this.#options.takeover && this.#maySkip(fragment)) before = this.#contextOf().history();
      if (this.#options.turn.isOpen) this.#runSlices(job);
      if (!job.isDone && !isText) job.keep();
    } catch (error) {
      this.#closeContext();
      done(error as Error);
      return;
    }
    if (job.isDone) {
      this.#finishSlices(fragment, job, before, done);
      return;
    }
    const own = { ...fragment, data: job.data };
    const callback = kernel.inThisContext(done);
    this.#isPending = true;
    const resume = (): void => {
      if (this.#closed) {
        this.#closeContext();
        return;
      }
      try {
        this.#runSlices(job);
      } catch (error) {
        this.#isPending = false;
        this.#closeContext();
        callback(error as Error);
        return;
      }
      if (!job.isDone) {
        this.#options.turn.wait(resume);
        return;
      }
      this.#isPending = false;
      this.#finishSlices(own, job, before, callback, isText ? undefined : job.data);
    };
    this.#options.turn.wait(resume);
  }

  /** Compresses at least one slice, and more while the turn has time. */
  #runSlices(job: DeflateJob): void {
    const { turn, level } = this.#options;
    const began = kernel.now();
    do turn.spend(workOf(job.step(this.#contextOf()), level), 1);
    while (!job.isDone && turn.isOpen);
    this.#counter.addTime(kernel.now() - began, 'event loop');
  }

  #finishSlices(
    fragment: Fragment,
    job: DeflateJob,
    before: Uint8Array | undefined,
    done: DeflateDone,
    original?: Uint8Array,
  ): void {
    const isSkipped = this.#maySkip(fragment) && job.length - TAIL_LENGTH >= fragment.data.length;
    let compressed: Uint8Array | undefined;
    try {
      if (!isSkipped) compressed = withoutTail(job.joined(), fragment.fin);
      else if (before !== undefined) {
        this.#closeContext();
        this.#begin(before);
      }
      this.#endMessage(fragment);
    } catch (error) {
      this.#closeContext();
      done(error as Error);
      return;
    }
    done(null, compressed, isSkipped ? original : undefined);
  }

  // On the thread pool.

  #compressOffThread(fragment: Fragment, isText: boolean, done: DeflateDone): void {
    const callback = kernel.inThisContext(done);
    this.#isPending = true;
    const began = kernel.now();
    this.#options.concurrency.run((next) => {
      const settle = (error: Error | null, made?: Uint8Array): void => {
        this.#isPending = false;
        this.#counter.addTime(kernel.now() - began, 'thread pool');
        callAll([
          () => {
            if (this.#closed) this.#closeContext();
            else this.#settle(fragment, isText, callback, error, made);
          },
          next,
        ]);
      };
      if (this.#closed) {
        settle(null);
        return;
      }
      try {
        zlib().deflateLater(fragment.data, this.#zlibSettings(), settle);
      } catch (error) {
        settle(error as Error);
      }
    });
  }

  #settle(
    fragment: Fragment,
    isText: boolean,
    callback: DeflateDone,
    error: Error | null,
    made = fragment.data,
  ): void {
    let compressed: Uint8Array | undefined;
    try {
      if (error !== null) throw error;
      compressed = this.#complete(fragment, made);
      this.#endMessage(fragment);
    } catch (failure) {
      this.#closeContext();
      callback(failure as Error);
      return;
    }
    callback(null, compressed, compressed === undefined && !isText ? fragment.data : undefined);
  }

  /** The options for `node:zlib`, with the history of the connection or message as the dictionary. */
  #zlibSettings(): ZlibSettings {
    const { zlib, windowBits, dictionary, takeover } = this.#options;
    const context = takeover ? this.#contextOf() : this.#context;
    const history = context?.history() ?? dictionary;
    // zlib has no raw compressor with a window of 256 bytes. The one with 512 refers back by less than 256.
    const own = { ...zlib, windowBits: Math.max(windowBits, 9) };
    return history === undefined || history.length === 0 ? own : { ...own, dictionary: history };
  }

  // Results.

  /** Adds the data to the context and returns the output without the tail, or returns `undefined` to send the message uncompressed. */
  #complete(fragment: Fragment, made: Uint8Array): Uint8Array | undefined {
    const compressed = withoutTail(made, fragment.fin);
    if (this.#maySkip(fragment) && compressed.length >= fragment.data.length) return undefined;
    if (this.#options.takeover || !isWhole(fragment)) this.#contextOf().remember(fragment.data);
    return compressed;
  }

  #maySkip(fragment: Fragment): boolean {
    return this.#options.leaveIncompressible && isWhole(fragment);
  }

  #endMessage({ fin }: Fragment): void {
    if (!this.#options.takeover) {
      if (fin) this.#closeContext();
    } else if (fin) this.#options.idleContexts?.use(this);
  }

  #contextOf(): Stream {
    return this.#context ?? this.#begin(this.#options.dictionary);
  }

  /** Starts a context. The history is not its dictionary, because a stream keeps a copy of that for `reset()`. */
  #begin(history: Uint8Array | undefined): Stream {
    const { level, windowBits } = this.#options;
    const context = (this.#context = new Stream({ level, windowBits, allocate: kernel.allocate }));
    if (history !== undefined) context.remember(history);
    return context;
  }

  #closeContext(): void {
    if (this.#context === undefined) return;
    this.#options.idleContexts?.delete(this);
    this.#context.close();
    this.#context = undefined;
  }
}

function isWhole({ first, fin }: Fragment): boolean {
  return first && fin;
}

function owned(fragment: Fragment): Fragment {
  return { ...fragment, data: kernel.copy(fragment.data) };
}

/** @throws `Error` if the runtime has no `node:zlib` */
function zlib(): NonNullable<typeof kernel.zlib> {
  if (kernel.zlib === undefined)
    throw new Error('A strategy needs node:zlib, which this runtime does not have');
  return kernel.zlib;
}

/** zlib writes nothing if it has nothing to flush. The message then ends with an empty stored block (§7.2.3.6). */
function withoutTail(flushed: Uint8Array, fin: boolean): Uint8Array {
  if (!fin) return flushed;
  return flushed.length > TAIL_LENGTH ? flushed.subarray(0, -TAIL_LENGTH) : Uint8Array.of(0);
}
