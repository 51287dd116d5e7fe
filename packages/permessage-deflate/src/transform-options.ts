// How messages are compressed and inflated: the options, their defaults, and the two profiles.
import type { ZlibOptions } from 'node:zlib';
import { windowOption, type ClientNegotiationOptions, type ServerNegotiationOptions } from './options.ts';

/** How messages are compressed and inflated. */
export interface TransformOptions {
  /**
   * Options of zlib for compressing: `level`, `memLevel`, `strategy`, `chunkSize`, `dictionary`, and `windowBits` where it is
   * smaller than what was agreed on. Default: zlib's, but for the level: {@link DEFAULT_LEVEL}, with context takeover
   * {@link DEFAULT_TAKEOVER_LEVEL}, in the shared profile {@link SHARED_LEVEL}; and for `chunkSize`, which is 64 KiB where
   * connections share a compressor.
   */
  readonly zlibDeflateOptions?: ZlibOptions | undefined;
  /**
   * Options of zlib for inflating: `chunkSize`, `dictionary`. Default: zlib's, but for `chunkSize`: 32 KiB, and 64 KiB where
   * connections share a decompressor.
   */
  readonly zlibInflateOptions?: ZlibOptions | undefined;
  /**
   * Messages of fewer bytes are not compressed, unless there is context takeover. Default {@link DEFAULT_THRESHOLD}, in the
   * shared profile {@link SHARED_THRESHOLD}.
   */
  readonly threshold?: number | undefined;
  /** Messages of fewer bytes are not compressed where there is context takeover. Default 0: all are, as in `ws`. */
  readonly takeoverThreshold?: number | undefined;
  /**
   * Whether a whole message that would not shrink is sent as it is; not where that would cost a context that remembers more than
   * a few KiB, which is worth more than the few bytes by which the message grows. Default true; `false` is for who has to have every message
   * compressed, and adds some bytes to such a one.
   */
  readonly leaveIncompressible?: boolean | undefined;
  /**
   * After how many milliseconds without a message to compress a connection gives its compressor's context up, or up to twice as
   * many; a message after that may be longer by what the context would have saved. Default: 0, never.
   */
  readonly dropContextAfter?: number | undefined;
  /** How many messages are compressed and inflated on the thread pool at a time, in the whole process; 0 = no limit. Default 10. */
  readonly concurrencyLimit?: number | undefined;
  /**
   * How many bytes of messages may be inflated and not yet delivered, in the whole process; 0 = no limit. Once it is spent, only the
   * message that has been on the thread pool longest goes on, so it is exceeded by that message at most. The others wait compressed.
   * The first connection's option counts. Default 64 MiB.
   */
  readonly inflateBudget?: number | undefined;
  /** From how many bytes on a message is compressed on the thread pool. Default {@link DEFLATE_OFF_THREAD_FROM}. */
  readonly deflateOffThreadFrom?: number | undefined;
  /** From how many compressed bytes on a message is inflated on the thread pool. Default {@link INFLATE_OFF_THREAD_FROM}. */
  readonly inflateOffThreadFrom?: number | undefined;
}

/** Options of either profile: what to negotiate, and how to compress. */
export interface PerMessageDeflateOptions
  extends ServerNegotiationOptions, ClientNegotiationOptions, TransformOptions {
  /**
   * `'shared'`: no context takeover on either side, so that a connection holds no memory for compression and what goes to many
   * is compressed once; and a faster level. The other options count beside it. Default: takeover as negotiated, as in `ws`.
   */
  readonly profile?: 'shared' | undefined;
}

/** What `perMessageDeflate` of a client or a server can be: `true` is all defaults, `'shared'` is `{ profile: 'shared' }`. */
export type PerMessageDeflateOption = boolean | 'shared' | PerMessageDeflateOptions;

/** The threshold where none is given, in bytes, as in `ws`. */
export const DEFAULT_THRESHOLD = 1024;
/** The threshold of the shared profile where none is given, in bytes: below it little is gained. */
export const SHARED_THRESHOLD = 256;
/**
 * The level of zlib where none is given: what it makes of JSON, text and source code is up to 8 % longer than what zlib's own
 * default makes, 6.
 */
export const DEFAULT_LEVEL = 4;
/** The same with context takeover, where a lower level loses more: 4 up to 20 %. */
export const DEFAULT_TAKEOVER_LEVEL = 5;
/** That of the shared profile, which has another purpose than the shortest messages: up to 10 % longer, for about two thirds of the time. */
export const SHARED_LEVEL = 3;
/** A message as long as this takes as much time on the spot as a trip to the thread pool costs several times over. */
export const DEFLATE_OFF_THREAD_FROM = 32 * 1024;
/** Inflating is four times as fast as compressing, but a short message can become a long one. */
export const INFLATE_OFF_THREAD_FROM = 16 * 1024;

const DEFAULTS: PerMessageDeflateOptions = {};

/** What was made of options with a profile: one object for each, whatever is kept by it. */
const withProfile = new WeakMap<PerMessageDeflateOptions, PerMessageDeflateOptions>();

/**
 * The options that an option stands for, with the profile's filled in; undefined for no compression. The same object for the same
 * option: connections with the same options share what they can. Whoever resolves an option early, when a server is made say,
 * knows that no negotiation will throw for it.
 *
 * @throws `TypeError` for a profile that there is not, `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for a window that is
 * none
 */
export function resolveOption(
  option: PerMessageDeflateOption | null | undefined,
): PerMessageDeflateOptions | undefined {
  if (!option) return undefined;
  if (option === 'shared') return SHARED;
  // A caller without types may pass anything.
  if (typeof option !== 'object') return DEFAULTS;
  const profile = option.profile as string | undefined;
  if (profile !== undefined && profile !== 'shared') {
    throw new TypeError(`There is no profile "${profile}" of perMessageDeflate`);
  }
  windowOption(option, 'serverMaxWindowBits');
  windowOption(option, 'clientMaxWindowBits');
  if (profile === undefined) return option;
  const known = withProfile.get(option);
  if (known !== undefined) return known;
  const resolved = {
    ...option,
    threshold: option.threshold ?? SHARED_THRESHOLD,
    zlibDeflateOptions: {
      ...option.zlibDeflateOptions,
      level: option.zlibDeflateOptions?.level ?? SHARED_LEVEL,
    },
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
  };
  withProfile.set(option, resolved);
  return resolved;
}

const SHARED = resolveOption({ profile: 'shared' }) ?? DEFAULTS;
