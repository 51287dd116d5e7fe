// What connections with the same options and the same agreement have in common: made once, for the first of them.
import { sharedConcurrency } from './concurrency.ts';
import type { DeflaterOptions } from './deflater.ts';
import { IdleContexts } from './idle-contexts.ts';
import { sharedInflateBudget } from './inflate-budget.ts';
import type { InflaterOptions } from './inflater.ts';
import type { DirectionView, RoleView } from './negotiation.ts';
import { SharedCompressor } from './shared-compressor.ts';
import {
  DEFAULT_LEVEL,
  DEFAULT_TAKEOVER_LEVEL,
  DEFAULT_THRESHOLD,
  INFLATE_IN_TURNS_FROM,
  type TransformOptions,
} from './transform-options.ts';
import { turnShare } from './turn-share.ts';

/** Peers whose zlib has no window of 256 bytes may refer back as far as one of 512 lets them. */
const SMALLEST_WINDOW = 9;
const LARGEST_WINDOW = 15;
/** `Z_DEFAULT_COMPRESSION` and the level that it stands for. */
const ZLIB_DEFAULT = -1;
const ZLIB_DEFAULT_LEVEL = 6;

/** How one side of an agreement works. */
export interface Ways {
  readonly deflate: DeflaterOptions;
  readonly inflate: InflaterOptions;
  /** For whole messages that stand alone: all, without takeover. */
  readonly compressor: SharedCompressor;
  /** The length from which on a message is compressed, in bytes. */
  readonly threshold: number;
}

/** By options, then by agreement. Who passes the same options object shares. */
const known = new WeakMap<TransformOptions, Map<string, Ways>>();

/** The ways of a connection. */
export function sharedWays(view: RoleView, maxPayload: number, options: TransformOptions): Ways {
  const { deflate, inflate } = view;
  const key = [deflate.windowBits, deflate.takeover, inflate.windowBits, inflate.takeover, maxPayload].join();
  const byAgreement = known.get(options) ?? new Map<string, Ways>();
  known.set(options, byAgreement);
  const ways = byAgreement.get(key) ?? makeWays(view, maxPayload, options);
  byAgreement.set(key, ways);
  return ways;
}

function makeWays({ deflate, inflate }: RoleView, maxPayload: number, options: TransformOptions): Ways {
  const deflaterOptions = deflaterOptionsOf(deflate, options);
  return {
    deflate: deflaterOptions,
    inflate: {
      takeover: inflate.takeover,
      windowBits: Math.max(SMALLEST_WINDOW, inflate.windowBits),
      dictionary: bytesOf(options.zlibInflateOptions?.dictionary),
      maxPayload,
      inTurnsFrom: options.inflateInTurnsFrom ?? INFLATE_IN_TURNS_FROM,
      concurrency: deflaterOptions.concurrency,
      turn: turnShare,
      budget: sharedInflateBudget(options.inflateBudget),
    },
    compressor: compressorFor(deflaterOptions),
    threshold: deflate.takeover ? (options.takeoverThreshold ?? 0) : (options.threshold ?? DEFAULT_THRESHOLD),
  };
}

function deflaterOptionsOf(
  { windowBits, takeover }: DirectionView,
  options: TransformOptions,
): DeflaterOptions {
  // A caller without types may pass null.
  const given = options.zlibDeflateOptions ?? {};
  const { memLevel, strategy, chunkSize } = given;
  const asked = given.level ?? (takeover ? DEFAULT_TAKEOVER_LEVEL : DEFAULT_LEVEL);
  const level = asked === ZLIB_DEFAULT ? ZLIB_DEFAULT_LEVEL : asked;
  return {
    level,
    windowBits: Math.min(given.windowBits ?? LARGEST_WINDOW, windowBits),
    dictionary: bytesOf(given.dictionary),
    zlib: { level, memLevel, strategy, chunkSize },
    isZlibs: strategy !== undefined && strategy !== 0,
    offThreadFrom: options.deflateOffThreadFrom ?? Infinity,
    takeover,
    leaveIncompressible: options.leaveIncompressible ?? true,
    concurrency: sharedConcurrency(options.concurrencyLimit),
    turn: turnShare,
    idleContexts: takeover ? idleContexts(options) : undefined,
  };
}

function idleContexts({ dropContextAfter = 0 }: TransformOptions): IdleContexts | undefined {
  return dropContextAfter > 0 ? new IdleContexts(dropContextAfter) : undefined;
}

/** Connections may differ in everything else: what makes the same bytes in the same place is one. */
const compressors = new Map<string, SharedCompressor>();

function compressorFor(options: DeflaterOptions): SharedCompressor {
  const { takeover, level, windowBits, zlib, offThreadFrom, leaveIncompressible } = options;
  // With takeover a dictionary is what came before the first message, and a message that stands alone may not need it.
  const alone = { ...options, takeover: false, dictionary: takeover ? undefined : options.dictionary };
  if (alone.dictionary !== undefined) return new SharedCompressor(alone);
  const key = JSON.stringify([level, windowBits, zlib, offThreadFrom, leaveIncompressible]);
  const compressor = compressors.get(key) ?? new SharedCompressor(alone);
  compressors.set(key, compressor);
  return compressor;
}

function bytesOf(dictionary: NodeJS.ArrayBufferView | ArrayBuffer | undefined): Uint8Array | undefined {
  if (dictionary === undefined) return undefined;
  if (!ArrayBuffer.isView(dictionary)) return new Uint8Array(dictionary);
  return new Uint8Array(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength);
}
