// The public interface of @framewire/permessage-deflate: the negotiation and the transforms.
export * from './negotiation-entry.ts';
export {
  DEFAULT_THRESHOLD,
  DEFLATE_OFF_THREAD_FROM,
  INFLATE_OFF_THREAD_FROM,
  PerMessageDeflate,
  type PerMessageDeflateOptions,
  type TransformOptions,
} from './permessage-deflate.ts';
