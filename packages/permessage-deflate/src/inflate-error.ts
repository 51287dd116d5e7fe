// The one table of what can be wrong with a compressed message, and the close code that tells the peer.
import { DeflateError, type DeflateErrorCode } from '@framewire/deflate';

const table = {
  /** RFC 6455 §7.4.1, 1007: data that are no DEFLATE stream. Code and text are those of zlib, which programs written for `ws` know. */
  CORRUPT: {
    code: 'Z_DATA_ERROR',
    errno: -3,
    closeCode: 1007,
    errorClass: Error,
    message: 'invalid compressed data',
  },
  /** RFC 6455 §7.4.1, 1011: not the peer's fault. */
  NO_MEMORY: { code: 'Z_MEM_ERROR', errno: -4, closeCode: 1011, errorClass: Error, message: 'out of memory' },
  /** RFC 6455 §7.4.1, 1009: the limit `maxPayload`. */
  TOO_LONG: {
    code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    errno: undefined,
    closeCode: 1009,
    errorClass: RangeError,
    message: 'Max payload size exceeded',
  },
} as const;

/** What zlib says of the rule that a stream breaks. */
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

/** An error that says with which code to fail the connection. */
export type InflateError = Error & {
  readonly code: string;
  /** The number that zlib has for the code, where it is zlib's. */
  readonly errno?: number | undefined;
  readonly closeCode: number;
};

/** What the failure of an engine is to the connection. */
export function inflateErrorOf(cause: Error): InflateError {
  if ('closeCode' in cause) return cause as InflateError;
  if (cause instanceof DeflateError) {
    return cause.code === 'ERR_DEFLATE_OUT_OF_MEMORY'
      ? inflateError('NO_MEMORY', cause)
      : inflateError('CORRUPT', cause, ZLIB_TEXTS[cause.code]);
  }
  // "Array buffer allocation failed" is a RangeError.
  return inflateError(cause.name === 'RangeError' ? 'NO_MEMORY' : 'CORRUPT', cause);
}

/** The error of a row. */
export function inflateError(
  rule: keyof typeof table,
  cause?: Error,
  text: string = table[rule].message,
): InflateError {
  const { code, errno, closeCode, errorClass } = table[rule];
  const error = cause === undefined ? new errorClass(text) : new errorClass(text, { cause });
  return Object.assign(error, errno === undefined ? {} : { errno }, { code, closeCode });
}
