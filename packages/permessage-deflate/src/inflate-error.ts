// The error table of decompression: for each failure, the code, the close code, the class and the message.
import { DeflateError, type DeflateErrorCode } from '@framewire/deflate';

interface Row {
  /** The `error.code` that applications test. */
  readonly code: string;
  readonly closeCode: number;
  readonly type: 'Error' | 'RangeError';
  /** The error number of zlib, if the code is one of zlib. */
  readonly errno: number | undefined;
  readonly message: string;
}

function row(code: string, closeCode: number, message: string, type: Row['type'], errno?: number): Row {
  return { code, closeCode, type, errno, message };
}

const INFLATE_ERRORS = {
  /** RFC 6455 §7.4.1, 1007: invalid DEFLATE data. Code and message are those of zlib, which applications written for `ws` expect. */
  CORRUPT: row('Z_DATA_ERROR', 1007, 'invalid compressed data', 'Error', -3),
  /** RFC 6455 §7.4.1, 1011: a failure that the peer did not cause. */
  NO_MEMORY: row('Z_MEM_ERROR', 1011, 'out of memory', 'Error', -4),
  /** As above: the engine failed, for example because this runtime has no WebAssembly. */
  FAILED: row('Z_STREAM_ERROR', 1011, 'decompression failed', 'Error', -2),
  /** RFC 6455 §7.4.1, 1009: the limit `maxPayload`. */
  TOO_LONG: row('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009, 'Max payload size exceeded', 'RangeError'),
} as const;

/** The messages of zlib for each rule that a stream can break. */
const ZLIB_TEXTS: Readonly<Partial<Record<DeflateErrorCode, string>>> = {
  ERR_INFLATE_BLOCK_TYPE: 'invalid block type',
  ERR_INFLATE_STORED_LENGTH: 'invalid stored block lengths',
  ERR_INFLATE_TOO_MANY_LENGTHS: 'too many length or distance symbols',
  ERR_INFLATE_PRECODE: 'invalid code lengths set',
  ERR_INFLATE_REPEAT: 'invalid bit length repeat',
  ERR_INFLATE_NO_END_OF_BLOCK: 'invalid code -- missing end-of-block',
  ERR_INFLATE_LITLEN_CODE: 'invalid literal/lengths set',
  ERR_INFLATE_DISTANCE_CODE: 'invalid distances set',
  ERR_INFLATE_LITLEN_SYMBOL: 'invalid literal/length code',
  ERR_INFLATE_DISTANCE_SYMBOL: 'invalid distance code',
  ERR_INFLATE_TOO_FAR_BACK: 'invalid distance too far back',
};

/** An error with the close code for failing the connection. */
export type InflateError = Error & {
  readonly code: string;
  /** The error number of zlib, if the code is one of zlib. */
  readonly errno?: number | undefined;
  readonly closeCode: number;
};

/** Converts an error of the engine into one for the connection. */
export function inflateErrorOf(cause: Error): InflateError {
  if ('closeCode' in cause) return cause as InflateError;
  if (cause instanceof DeflateError) {
    if (cause.code === 'ERR_DEFLATE_OUT_OF_MEMORY') return inflateError('NO_MEMORY', cause);
    if (cause.code.startsWith('ERR_INFLATE_')) return inflateError('CORRUPT', cause, ZLIB_TEXTS[cause.code]);
  }
  // "Array buffer allocation failed" is a RangeError.
  return inflateError(cause.name === 'RangeError' ? 'NO_MEMORY' : 'FAILED', cause);
}

const CLASSES = { Error, RangeError };

/** Creates the error of a row. */
export function inflateError(
  rule: keyof typeof INFLATE_ERRORS,
  cause?: Error,
  text: string = INFLATE_ERRORS[rule].message,
): InflateError {
  const { code, closeCode, type, errno } = INFLATE_ERRORS[rule];
  const error = cause === undefined ? new CLASSES[type](text) : new CLASSES[type](text, { cause });
  return Object.assign(error, errno === undefined ? {} : { errno }, { code, closeCode });
}
