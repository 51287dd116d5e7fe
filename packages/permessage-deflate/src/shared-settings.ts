// The settings that connections with the same options and the same agreement share.
import { kernel } from './kernels/kernel.ts';
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

/** A peer that agreed to 256 bytes may refer back by up to 512, because some versions of zlib have no smaller window. */
const SMALLEST_WINDOW = 9;
const LARGEST_WINDOW = 15;
/** `Z_DEFAULT_COMPRESSION` and the level that it stands for. */
const ZLIB_DEFAULT = -1;
const ZLIB_DEFAULT_LEVEL = 6;

/** The settings of one end of a connection. */
export interface SharedSettings {
  readonly deflate: DeflaterOptions;
  readonly inflate: InflaterOptions;
  /** Compresses whole messages that stand alone. Without context takeover, these are all messages. */
  readonly compressor: SharedCompressor;
  /** Messages of at least this many bytes are compressed. */
  readonly threshold: number;
}

/** By options, then by agreement. Connections share settings only if they pass the same options object. */
const known = new WeakMap<TransformOptions, Map<string, SharedSettings>>();

/** Returns the settings of a connection. */
export function sharedSettings(
  view: RoleView,
  maxPayload: number,
  options: TransformOptions,
): SharedSettings {
  const { deflate, inflate } = view;
  const key = [deflate.windowBits, deflate.takeover, inflate.windowBits, inflate.takeover, maxPayload].join();
  const byAgreement = known.get(options) ?? new Map<string, SharedSettings>();
  known.set(options, byAgreement);
  const settings = byAgreement.get(key) ?? createSettings(view, maxPayload, options);
  byAgreement.set(key, settings);
  return settings;
}

function createSettings(
  { deflate, inflate }: RoleView,
  maxPayload: number,
  options: TransformOptions,
): SharedSettings {
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
  // A JavaScript caller may pass null.
  const given = options.zlibDeflateOptions ?? {};
  const { memLevel, strategy, chunkSize } = given;
  const asked = given.level ?? (takeover ? DEFAULT_TAKEOVER_LEVEL : DEFAULT_LEVEL);
  const level = asked === ZLIB_DEFAULT ? ZLIB_DEFAULT_LEVEL : asked;
  return {
    level,
    windowBits: Math.min(given.windowBits ?? LARGEST_WINDOW, windowBits),
    dictionary: bytesOf(given.dictionary),
    zlib: { level, memLevel, strategy, chunkSize },
    usesZlib: strategy !== undefined && strategy !== 0,
    offThreadFrom: (kernel.zlib && options.deflateOffThreadFrom) ?? Infinity,
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

/** Connections that differ in other options share a compressor if it produces the same bytes, on the same thread. */
const compressors = new Map<string, SharedCompressor>();

function compressorFor(options: DeflaterOptions): SharedCompressor {
  const { takeover, level, windowBits, zlib, offThreadFrom, leaveIncompressible } = options;
  // With takeover, the dictionary precedes only the first message. A message that stands alone must not refer to it.
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
