// The public interface of @framewire/permessage-deflate: the negotiation and the transforms.
export * from './negotiation-entry.ts';
export { PerMessageDeflate, type Part, type SharedMessage } from './permessage-deflate.ts';
export { DEFAULT_INFLATE_BUDGET } from './inflate-budget.ts';
export { compressionStatistics, type CompressionStatistics, type DirectionStatistics } from './statistics.ts';
export {
  DEFAULT_LEVEL,
  DEFAULT_TAKEOVER_LEVEL,
  DEFAULT_THRESHOLD,
  INFLATE_IN_TURNS_FROM,
  isSupported,
  resolveOption,
  SHARED_LEVEL,
  SHARED_THRESHOLD,
  type PerMessageDeflateOption,
  type PerMessageDeflateOptions,
  type TransformOptions,
} from './transform-options.ts';
