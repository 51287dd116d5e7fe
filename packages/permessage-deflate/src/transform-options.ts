// How messages are compressed and inflated: the options, their defaults, and the two profiles.
import type { ZlibOptions } from 'node:zlib';
import { windowOption, type ClientNegotiationOptions, type ServerNegotiationOptions } from './options.ts';

/** How messages are compressed and inflated. */
export interface TransformOptions {
  /**
   * Options of zlib for compressing: `level`, `dictionary`, and `windowBits` where it is smaller than what was agreed on. With a
   * `strategy`, `node:zlib` compresses, and `memLevel` and `chunkSize` count; our own engine has no use for them. Default level:
   * {@link DEFAULT_LEVEL}, with context takeover {@link DEFAULT_TAKEOVER_LEVEL}, in the shared profile {@link SHARED_LEVEL}.
   */
  readonly zlibDeflateOptions?: ZlibOptions | undefined;
  /** Options of zlib for inflating: `dictionary`. The others have no effect. */
  readonly zlibInflateOptions?: ZlibOptions | undefined;
  /**
   * Messages of fewer bytes are not compressed, unless there is context takeover. Default {@link DEFAULT_THRESHOLD}, in the
   * shared profile {@link SHARED_THRESHOLD}.
   */
  readonly threshold?: number | undefined;
  /** Messages of fewer bytes are not compressed where there is context takeover. Default 0: all are, as in `ws`. */
  readonly takeoverThreshold?: number | undefined;
  /** Whether a whole message that would not shrink is sent as it is. Default true; `false` adds some bytes to such a message. */
  readonly leaveIncompressible?: boolean | undefined;
  /**
   * After how many milliseconds without a message to compress a connection gives its compressor's context up, or up to twice as
   * many; a message after that may be longer by what the context would have saved. Default: 0, never.
   */
  readonly dropContextAfter?: number | undefined;
  /**
   * How many long messages are inflated at a time, and how many are compressed on the thread pool, in the whole process; 0 = no limit.
   * Default 10.
   */
  readonly concurrencyLimit?: number | undefined;
  /**
   * How many bytes of messages may be inflated and not yet delivered, in the whole process; 0 = no limit. Once it is spent, only the
   * message that began first goes on, so it is exceeded by that message at most. The others wait compressed.
   * The first connection's option counts. Default 64 MiB.
   */
  readonly inflateBudget?: number | undefined;
  /**
   * From how many bytes on a message is compressed by `node:zlib` on the thread pool, which takes more time and none of the event loop's.
   * Default: never; long messages are compressed by turns of the event loop.
   */
  readonly deflateOffThreadFrom?: number | undefined;
  /** From how many compressed bytes on a message is inflated by turns of the event loop. Default {@link INFLATE_IN_TURNS_FROM}. */
  readonly inflateInTurnsFrom?: number | undefined;
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
/** The level where none is given: JSON, text and source code become up to 3 % longer than with zlib's own default, rarely up to 6 %. */
export const DEFAULT_LEVEL = 4;
/** The same with context takeover, where a lower level loses more. */
export const DEFAULT_TAKEOVER_LEVEL = 5;
/** That of the shared profile, which has another purpose than the shortest messages. */
export const SHARED_LEVEL = 3;
/** What comes so long becomes longer: it takes turns with others from the start. */
export const INFLATE_IN_TURNS_FROM = 16 * 1024;

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
