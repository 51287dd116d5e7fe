// The options for compressing and inflating messages, their defaults, and the two profiles.
import type { ZlibOptions } from 'node:zlib';
import { kernel } from './kernels/kernel.ts';
import { windowOption, type ClientNegotiationOptions, type ServerNegotiationOptions } from './options.ts';

/** How messages are compressed and inflated. */
export interface TransformOptions {
  /**
   * Options of zlib for compressing: `level`, `dictionary`, and a `windowBits` smaller than the agreed one. With a `strategy`,
   * `node:zlib` compresses and also uses `memLevel` and `chunkSize`; otherwise they have no effect. Default level:
   * {@link DEFAULT_LEVEL}, with context takeover {@link DEFAULT_TAKEOVER_LEVEL}, in the shared profile {@link SHARED_LEVEL}.
   */
  readonly zlibDeflateOptions?: ZlibOptions | undefined;
  /** Options of zlib for inflating: only `dictionary`. */
  readonly zlibInflateOptions?: ZlibOptions | undefined;
  /**
   * The length in bytes below which a message is not compressed, unless there is context takeover. Default
   * {@link DEFAULT_THRESHOLD}, in the shared profile {@link SHARED_THRESHOLD}.
   */
  readonly threshold?: number | undefined;
  /** The same with context takeover. Default 0: all messages are compressed, as in `ws`. */
  readonly takeoverThreshold?: number | undefined;
  /** Whether a whole message that would not shrink is sent uncompressed. Default true; `false` makes such a message longer. */
  readonly leaveIncompressible?: boolean | undefined;
  /**
   * A connection drops the context of its compressor after this many milliseconds (up to twice as many) without a message to compress.
   * The next message may then be longer. Default 0: never.
   */
  readonly dropContextAfter?: number | undefined;
  /**
   * How many long messages the process inflates, or compresses on the thread pool, at a time; 0 = no limit. The first connection
   * sets it. Default 10.
   */
  readonly concurrencyLimit?: number | undefined;
  /**
   * How many inflated bytes may wait for delivery, in the whole process; 0 = no limit. At the limit, only the message that began first
   * goes on, and can exceed it. The others wait compressed. The first connection sets it. Default 64 MiB.
   */
  readonly inflateBudget?: number | undefined;
  /**
   * `node:zlib` compresses messages of at least this many bytes on the thread pool. That takes longer, but does not block the event
   * loop. Default: never; long messages are compressed over several turns.
   */
  readonly deflateOffThreadFrom?: number | undefined;
  /** Messages of at least this many compressed bytes are inflated in turns with others. Default {@link INFLATE_IN_TURNS_FROM}. */
  readonly inflateInTurnsFrom?: number | undefined;
}

/** All options: what to negotiate, and how to compress. */
export interface PerMessageDeflateOptions
  extends ServerNegotiationOptions, ClientNegotiationOptions, TransformOptions {
  /**
   * `'shared'`: no context takeover on either side, and a faster level. A connection then holds no memory for compression, and a message
   * to many connections is compressed once. Other options still apply. Default: takeover as negotiated, as in `ws`.
   */
  readonly profile?: 'shared' | undefined;
}

/** The values of `perMessageDeflate`. `true` means all defaults, and `'shared'` means `{ profile: 'shared' }`. */
export type PerMessageDeflateOption = boolean | 'shared' | PerMessageDeflateOptions;

/** The default threshold in bytes, as in `ws`. */
export const DEFAULT_THRESHOLD = 1024;
/** The default threshold of the shared profile in bytes. Below it, compression gains little. */
export const SHARED_THRESHOLD = 256;
/** The default level. Typical messages get slightly longer than with zlib's default, in less time (benchmark scenario `deflate`). */
export const DEFAULT_LEVEL = 4;
/** The default level with context takeover, where a lower level loses more. */
export const DEFAULT_TAKEOVER_LEVEL = 5;
/** The default level of the shared profile, which does not aim at the shortest messages. */
export const SHARED_LEVEL = 3;
/** Messages of at least this compressed length are inflated in turns with others, because their output is longer still. */
export const INFLATE_IN_TURNS_FROM = 16 * 1024;

const DEFAULTS: PerMessageDeflateOptions = {};

/** The resolved options of each options object with a profile, so that an object always resolves to the same one. */
const withProfile = new WeakMap<PerMessageDeflateOptions, PerMessageDeflateOptions>();

/**
 * Returns the options for a value of `perMessageDeflate`, with those of its profile; `undefined` for no compression, and where the
 * runtime does not support it ({@link isSupported}). The same value gives the same object, so that its connections share settings. A
 * server resolves it early, so that no negotiation throws for it.
 *
 * @throws `TypeError` for an unknown profile, `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for an invalid window
 */
export function resolveOption(
  option: PerMessageDeflateOption | null | undefined,
): PerMessageDeflateOptions | undefined {
  const options = option ? optionsFor(option) : undefined;
  return options && isSupported() ? options : undefined;
}

/** Returns whether this runtime can compress: it must compile WebAssembly from bytes. */
export function isSupported(): boolean {
  return kernel.isSupported();
}

function optionsFor(option: PerMessageDeflateOption): PerMessageDeflateOptions {
  if (option === 'shared') return SHARED;
  // A JavaScript caller may pass anything.
  if (typeof option !== 'object') return DEFAULTS;
  const profile = option.profile as string | undefined;
  if (profile !== undefined && profile !== 'shared') {
    throw new TypeError(`Unknown perMessageDeflate profile "${profile}"`);
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

const SHARED = optionsFor({ profile: 'shared' });
