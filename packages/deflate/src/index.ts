// Raw DEFLATE (RFC 1951), in both directions.
export { DeflateError, type DeflateErrorCode } from './deflate-error.ts';
export { deflate, Deflater, type DeflateOptions, type DeflaterOptions, type Flush } from './deflater.ts';
export type { Allocate } from './engine.ts';
export { inflate, Inflater, type Inflated, type InflateOptions, type InflaterOptions } from './inflater.ts';
export { DEFAULT_LEVEL } from './levels.ts';
export type { StreamOptions } from './options.ts';
