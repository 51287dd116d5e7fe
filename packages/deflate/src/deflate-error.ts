// The error table of the package: one row for each rule of RFC 1951 that a stream can break, and for each call that the engine rejects.

/** The code of a {@link DeflateError}. */
export type DeflateErrorCode = (typeof DEFLATE_ERRORS)[ErrorName]['code'];

type ErrorName = keyof typeof DEFLATE_ERRORS;

interface Row {
  /** The `error.code` that applications test. */
  readonly code: `ERR_${string}`;
  readonly message: string;
}

function row<const Code extends Row['code']>(code: Code, message: string): Row & { readonly code: Code } {
  return { code, message };
}

/** The first rows are those of the negative return values of the module, from -1 down (`assembly/outcome.ts`). */
const DEFLATE_ERRORS = {
  BLOCK_TYPE: row('ERR_INFLATE_BLOCK_TYPE', 'A block has the reserved type 3 (RFC 1951 §3.2.3)'),
  STORED_LENGTH: row(
    'ERR_INFLATE_STORED_LENGTH',
    "The length of a stored block differs from its one's complement (RFC 1951 §3.2.4)",
  ),
  TOO_MANY_LENGTHS: row(
    'ERR_INFLATE_TOO_MANY_LENGTHS',
    'A block declares more code lengths than there are symbols (RFC 1951 §3.2.7)',
  ),
  PRECODE: row(
    'ERR_INFLATE_PRECODE',
    'The code for code lengths is incomplete or oversubscribed (RFC 1951 §3.2.7)',
  ),
  REPEAT: row(
    'ERR_INFLATE_REPEAT',
    'A repeat has no code length before it or runs past the last one (RFC 1951 §3.2.7)',
  ),
  NO_END_OF_BLOCK: row('ERR_INFLATE_NO_END_OF_BLOCK', 'A block has no end-of-block code (RFC 1951 §3.2.7)'),
  LITLEN_CODE: row(
    'ERR_INFLATE_LITLEN_CODE',
    'The literal/length code is incomplete or oversubscribed (RFC 1951 §3.2.7)',
  ),
  DISTANCE_CODE: row(
    'ERR_INFLATE_DISTANCE_CODE',
    'The distance code is incomplete or oversubscribed (RFC 1951 §3.2.7)',
  ),
  LITLEN_SYMBOL: row('ERR_INFLATE_LITLEN_SYMBOL', 'Invalid literal/length code (RFC 1951 §3.2.5)'),
  DISTANCE_SYMBOL: row('ERR_INFLATE_DISTANCE_SYMBOL', 'Invalid distance code (RFC 1951 §3.2.5)'),
  TOO_FAR_BACK: row('ERR_INFLATE_TOO_FAR_BACK', 'A match begins before the window (RFC 1951 §3.2.5)'),
  FAILED: row('ERR_INFLATE_FAILED', 'The stream was found invalid by an earlier call'),
  CLOSED: row('ERR_DEFLATE_CLOSED', 'The context is closed'),
  FINISHED: row('ERR_DEFLATE_FINISHED', 'The stream is finished'),
  BUSY: row('ERR_DEFLATE_BUSY', '`allocate` must not call the engine'),
  OUT_OF_MEMORY: row('ERR_DEFLATE_OUT_OF_MEMORY', 'WebAssembly has no memory left for another context'),
} as const;

/** Thrown for an invalid stream, and for a call that cannot be carried out. */
export class DeflateError extends Error {
  override readonly name = 'DeflateError';
  readonly code: DeflateErrorCode;

  constructor(error: ErrorName) {
    const { code, message } = DEFLATE_ERRORS[error];
    super(message);
    this.code = code;
  }
}

/** Returns the error for a negative return value of the module. */
export function errorOfRule(outcome: number): DeflateError {
  return new DeflateError(Object.keys(DEFLATE_ERRORS)[-1 - outcome] as ErrorName);
}
