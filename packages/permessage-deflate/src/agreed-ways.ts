// What connections with the same options and the same agreement have in common: made once, for the first of them.
import { sharedConcurrency } from './concurrency.ts';
import type { DeflaterOptions } from './deflater.ts';
import { EnginePool } from './engine-pool.ts';
import { IdleContexts } from './idle-contexts.ts';
import { sharedInflateBudget } from './inflate-budget.ts';
import { MAX_HERE, type InflaterOptions } from './inflater.ts';
import type { RoleView } from './negotiation.ts';
import { SharedCompressor } from './shared-compressor.ts';
import {
  DEFAULT_LEVEL,
  DEFAULT_TAKEOVER_LEVEL,
  DEFAULT_THRESHOLD,
  DEFLATE_OFF_THREAD_FROM,
  INFLATE_OFF_THREAD_FROM,
  type TransformOptions,
} from './transform-options.ts';
import { turnShare } from './turn-share.ts';

/** zlib has no raw compressor with a window of 256 bytes: that of 512 keeps to it (see `DirectionView`). */
const SMALLEST_WINDOW = 9;
/** Inflates whatever a smaller window made. */
const LARGEST_WINDOW = 15;
/**
 * The size of the buffers that lent engines write to, in bytes: a message on the thread pool goes there and back for each.
 * Inflating 128 KiB takes 720 µs of CPU by 16 KiB, zlib's default, 400 by 32 KiB and 320 by 64 KiB; compressing it, 1,900 and, by
 * 64 KiB, 1,600.
 */
const LENT_CHUNK = 64 * 1024;
/** The same of inflaters that a connection has for itself, which are many. Compressors, whose output is smaller, have zlib's. */
const INFLATE_CONTEXT_CHUNK = 32 * 1024;

/** How one side of an agreement works. */
export interface Ways {
  readonly deflate: DeflaterOptions;
  readonly inflate: InflaterOptions;
  /** For whole texts, where every message stands alone. */
  readonly compressor: SharedCompressor | undefined;
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
  const concurrency = sharedConcurrency(options.concurrencyLimit);
  const deflaterOptions: DeflaterOptions = {
    pool: deflatePool(deflate, options),
    takeover: deflate.takeover,
    chunkSize: options.zlibDeflateOptions?.chunkSize,
    leaveIncompressible: options.leaveIncompressible ?? true,
    offThreadFrom: options.deflateOffThreadFrom ?? DEFLATE_OFF_THREAD_FROM,
    concurrency,
    idleContexts: deflate.takeover ? idleContexts(options) : undefined,
  };
  return {
    deflate: deflaterOptions,
    inflate: {
      pool: inflatePool(maxPayload, options),
      takeover: inflate.takeover,
      windowBits: Math.max(SMALLEST_WINDOW, inflate.windowBits),
      chunkSize: options.zlibInflateOptions?.chunkSize ?? INFLATE_CONTEXT_CHUNK,
      maxPayload,
      offThreadFrom: options.inflateOffThreadFrom ?? INFLATE_OFF_THREAD_FROM,
      concurrency,
      turn: turnShare,
      budget: sharedInflateBudget(options.inflateBudget),
    },
    compressor: deflate.takeover ? undefined : compressorFor(deflaterOptions),
    threshold: deflate.takeover ? (options.takeoverThreshold ?? 0) : (options.threshold ?? DEFAULT_THRESHOLD),
  };
}

function idleContexts({ dropContextAfter = 0 }: TransformOptions): IdleContexts | undefined {
  return dropContextAfter > 0 ? new IdleContexts(dropContextAfter) : undefined;
}

/** Connections may differ in everything else: what makes the same bytes in the same place is one. */
const compressors = new WeakMap<EnginePool, Map<string, SharedCompressor>>();

function compressorFor(options: DeflaterOptions): SharedCompressor {
  const { pool, offThreadFrom, leaveIncompressible } = options;
  const byOptions = compressors.get(pool) ?? new Map<string, SharedCompressor>();
  compressors.set(pool, byOptions);
  const key = [offThreadFrom, leaveIncompressible].join();
  const compressor = byOptions.get(key) ?? new SharedCompressor(options);
  byOptions.set(key, compressor);
  return compressor;
}

function deflatePool({ windowBits, takeover }: RoleView['deflate'], options: TransformOptions): EnginePool {
  // A caller without types may pass null.
  const zlibDeflateOptions = options.zlibDeflateOptions ?? {};
  const window = Math.min(zlibDeflateOptions.windowBits ?? LARGEST_WINDOW, windowBits);
  return EnginePool.deflate({
    chunkSize: LENT_CHUNK,
    ...zlibDeflateOptions,
    level: zlibDeflateOptions.level ?? (takeover ? DEFAULT_TAKEOVER_LEVEL : DEFAULT_LEVEL),
    windowBits: Math.max(window, SMALLEST_WINDOW),
  });
}

function inflatePool(maxPayload: number, { zlibInflateOptions = {} }: TransformOptions): EnginePool {
  return EnginePool.inflate({
    chunkSize: LENT_CHUNK,
    ...zlibInflateOptions,
    windowBits: LARGEST_WINDOW,
    maxOutputLength: maxPayload > 0 ? Math.min(maxPayload, MAX_HERE) : MAX_HERE,
  });
}
