// The error of the WHATWG proposal, and the rules for the arguments of `close()`.

/** The code and reason for closing a connection. */
export interface WebSocketCloseInfo {
  /** 1000, or from 3000 to 4999. Default: none, or 1000 if there is a reason. */
  closeCode?: number | undefined;
  /** At most 123 bytes in UTF-8. Default: ''. */
  reason?: string | undefined;
}

/** The code and reason to send. */
export interface CheckedCloseInfo {
  readonly closeCode: number | null;
  readonly reason: string;
}

/** The longest reason in a close frame, in bytes (RFC 6455 §5.5). */
const MAX_REASON = 123;

const encoder = new TextEncoder();

/**
 * Applies the rules of the proposal.
 *
 * @throws `TypeError` for a value that is not an object, `InvalidAccessError` for any other code, `SyntaxError` for a longer reason
 */
export function checkCloseInfo(info: WebSocketCloseInfo | null | undefined): CheckedCloseInfo {
  if (info != null && typeof info !== 'object' && typeof info !== 'function') {
    throw new TypeError('The close info must be an object');
  }
  const { closeCode, reason } = info ?? {};
  // A JavaScript caller may pass anything.
  const text = reason ?? '';
  if (closeCode != null && closeCode !== 1000 && !(closeCode >= 3000 && closeCode <= 4999)) {
    throw new DOMException(
      `The close code must be 1000 or from 3000 to 4999, not ${closeCode}`,
      'InvalidAccessError',
    );
  }
  if (encoder.encode(text).length > MAX_REASON) {
    throw new DOMException(`The reason must not be longer than ${MAX_REASON} bytes`, 'SyntaxError');
  }
  return { closeCode: closeCode ?? (text === '' ? null : 1000), reason: text };
}

/** Why a connection did not open, or did not close cleanly. When `abort()` or `cancel()` gets one, it closes with its code and reason. */
export class WebSocketError extends DOMException {
  #closeCode: number | null;
  #reason: string;

  /** @throws like {@link checkCloseInfo} */
  constructor(message = '', init: WebSocketCloseInfo = {}) {
    super(message, 'WebSocketError');
    const { closeCode, reason } = checkCloseInfo(init);
    this.#closeCode = closeCode;
    this.#reason = reason;
  }

  /** Creates the error of a connection that has ended, with any code. */
  static ofEnd(message: string, closeCode: number | null, reason: string, cause: unknown): WebSocketError {
    const error = new WebSocketError(message);
    error.#closeCode = closeCode;
    error.#reason = reason;
    if (cause !== undefined)
      Object.defineProperty(error, 'cause', { configurable: true, value: cause, writable: true });
    return error;
  }

  /** The close code; null if there is none, or if there was no connection. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  get reason(): string {
    return this.#reason;
  }
}

/** The error of streams whose connection is not open. */
export function invalidState(message: string): DOMException {
  return new DOMException(message, 'InvalidStateError');
}
