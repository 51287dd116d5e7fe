// The extension as a connection uses it: when to compress, with what, and what came of it.
import type { ZlibOptions } from 'node:zlib';
import { sharedConcurrency } from './concurrency.ts';
import { Deflater, type DeflateDone, type Part } from './deflater.ts';
import { Inflater, type InflateDone } from './inflater.ts';
import type { RoleView } from './negotiation.ts';
import type { ClientNegotiationOptions, ServerNegotiationOptions } from './options.ts';
import { EXTENSION_NAME } from './parameters.ts';

/** How messages are compressed and inflated. */
export interface TransformOptions {
  /**
   * Options of zlib for compressing: `level`, `memLevel`, `strategy`, `chunkSize`, `dictionary`, and `windowBits` where it is
   * smaller than what was agreed on. Default: zlib's.
   */
  readonly zlibDeflateOptions?: ZlibOptions | undefined;
  /** Options of zlib for inflating: `chunkSize`, `dictionary`. Default: zlib's. */
  readonly zlibInflateOptions?: ZlibOptions | undefined;
  /** Messages of fewer bytes are not compressed, unless there is context takeover. Default 1024. */
  readonly threshold?: number | undefined;
  /** How many messages are compressed and inflated on the thread pool at a time, in the whole process; 0 = no limit. Default 10. */
  readonly concurrencyLimit?: number | undefined;
  /** From how many bytes on a message is compressed on the thread pool. Default {@link DEFLATE_OFF_THREAD_FROM}. */
  readonly deflateOffThreadFrom?: number | undefined;
  /** From how many compressed bytes on a message is inflated on the thread pool. Default {@link INFLATE_OFF_THREAD_FROM}. */
  readonly inflateOffThreadFrom?: number | undefined;
}

/** What `perMessageDeflate` of a client or a server can be: what to negotiate, and how to compress. */
export type PerMessageDeflateOptions = ServerNegotiationOptions & ClientNegotiationOptions & TransformOptions;

/** The threshold where none is given, in bytes, as in `ws`. */
export const DEFAULT_THRESHOLD = 1024;
/** A message as long as this takes as much time on the spot as a trip to the thread pool costs several times over. */
export const DEFLATE_OFF_THREAD_FROM = 32 * 1024;
/** Inflating is four times as fast as compressing, but a short message can become a long one. */
export const INFLATE_OFF_THREAD_FROM = 16 * 1024;

/** zlib has no raw compressor with a window of 256 bytes: that of 512 keeps to it (see `DirectionView`). */
const SMALLEST_DEFLATE_WINDOW = 9;
/** Inflates whatever a smaller window made. */
const LARGEST_WINDOW = 15;

/** permessage-deflate on one connection, as it was negotiated (RFC 7692 §7.2). */
export class PerMessageDeflate {
  readonly name = EXTENSION_NAME;
  readonly #deflater: Deflater;
  readonly #inflater: Inflater;
  /** The length from which on a message is compressed. */
  readonly #threshold: number;

  /**
   * @param view the agreement as `roleView()` shows it to this end
   * @param maxPayload the longest message, in bytes; 0 = no limit
   */
  constructor({ deflate, inflate }: RoleView, maxPayload: number, options: TransformOptions = {}) {
    const { zlibDeflateOptions = {}, zlibInflateOptions = {} } = options;
    const concurrency = sharedConcurrency(options.concurrencyLimit);
    const window = Math.min(zlibDeflateOptions.windowBits ?? LARGEST_WINDOW, deflate.windowBits);
    this.#threshold = deflate.takeover ? 1 : Math.max(1, options.threshold ?? DEFAULT_THRESHOLD);
    this.#deflater = new Deflater({
      engine: { ...zlibDeflateOptions, windowBits: Math.max(window, SMALLEST_DEFLATE_WINDOW) },
      takeover: deflate.takeover,
      offThreadFrom: options.deflateOffThreadFrom ?? DEFLATE_OFF_THREAD_FROM,
      concurrency,
    });
    this.#inflater = new Inflater({
      engine: { ...zlibInflateOptions, windowBits: LARGEST_WINDOW },
      takeover: inflate.takeover,
      maxPayload,
      offThreadFrom: options.inflateOffThreadFrom ?? INFLATE_OFF_THREAD_FROM,
      concurrency,
    });
  }

  /**
   * Compresses a piece of a message, on the spot or on the thread pool; one at a time. Undefined, for the first piece,
   * leaves the whole message as it is: it is shorter than the threshold, or would not shrink.
   */
  compress(part: Part, done: DeflateDone): void {
    if (part.first && part.data.length < this.#threshold) done(null);
    else this.#deflater.compress(part, done);
  }

  /**
   * Makes the original of a whole message, on the spot or on the thread pool; one at a time. Its errors have the
   * `closeCode` for the peer: 1007 for data that are corrupt, 1009 for a message of more than `maxPayload`, of which no more
   * was made.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    this.#inflater.decompress(message, done);
  }

  /** Frees what belongs to the connection. */
  close(): void {
    this.#deflater.close();
    this.#inflater.close();
  }
}
