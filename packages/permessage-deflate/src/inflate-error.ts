// The one table of what can be wrong with a compressed message, and the close code that tells the peer.

const table = {
  /** RFC 6455 §7.4.1, 1007: data that are no DEFLATE stream. The code and the text are zlib's where it has said so. */
  CORRUPT: {
    code: 'Z_DATA_ERROR',
    errno: -3,
    closeCode: 1007,
    errorClass: Error,
    message: 'invalid compressed data',
  },
  /** RFC 6455 §7.4.1, 1011: not the peer's fault. Code and text are those of Node's zlib. */
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

/** An error that says with which code to fail the connection. */
export type InflateError = Error & {
  readonly code: string;
  /** The number that zlib has for the code, where it is zlib's. */
  readonly errno?: number | undefined;
  readonly closeCode: number;
};

/** What Node's zlib says where a call would make more than `maxOutputLength`. */
const MORE_THAN_WANTED = 'ERR_BUFFER_TOO_LARGE';

/** What zlib, and Node's around it, say where there is no memory for a window. */
const WITHOUT_MEMORY = ['Z_MEM_ERROR', 'ERR_ZLIB_INITIALIZATION_FAILED', 'ERR_MEMORY_ALLOCATION_FAILED'];

/** Whether an engine has stopped because a call made more than it may. */
export function hasMadeTooMuch(cause: unknown): boolean {
  return (cause as { code?: string }).code === MORE_THAN_WANTED;
}

/** What the failure of an engine is to the connection. */
export function inflateErrorOf(cause: Error & { code?: string }): InflateError {
  if (hasMadeTooMuch(cause)) return inflateError('TOO_LONG');
  const { code } = cause;
  // V8's "Array buffer allocation failed" has no code.
  const hadNoMemory = code === undefined ? cause.name === 'RangeError' : WITHOUT_MEMORY.includes(code);
  return inflateError(hadNoMemory ? 'NO_MEMORY' : 'CORRUPT', cause);
}

/** The error of a row; one that zlib has told keeps its code and text. */
export function inflateError(rule: keyof typeof table, cause?: Error): InflateError {
  const { code, errno, closeCode, errorClass, message } = table[rule];
  const told = cause as { code?: string; errno?: number } | undefined;
  if (cause === undefined || told?.code === undefined) {
    return Object.assign(new errorClass(message), errno === undefined ? {} : { errno }, { code, closeCode });
  }
  const text = cause.message.replace(/^zlib: /, '');
  const error = new errorClass(text, { cause });
  return Object.assign(error, told.errno === undefined ? {} : { errno: told.errno }, {
    code: told.code,
    closeCode,
  });
}
