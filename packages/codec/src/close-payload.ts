// The payload of a close frame (RFC 6455 §5.5.1, §7.1.5, §7.1.6): a code and a reason.
import { kernel } from '#kernels';
import { CloseCode, isValidCloseCode } from './close-code.ts';
import { protocolError } from './protocol-error.ts';
import { isUint8Array } from './uint8-array.ts';
import { isUtf8 } from './utf8.ts';

/** The content of a close frame. */
export interface ClosePayload {
  /** The close code. 1005 if the frame has no body (§7.1.5). */
  readonly code: number;
  /** The reason in UTF-8, at most 123 bytes. A `Buffer` on Node. */
  readonly reason: Uint8Array;
}

/** The longest reason, in bytes: the longest payload of a control frame minus the code (§5.5). */
export const MAX_REASON_LENGTH = 123;

/**
 * Reads the payload of a close frame (§5.5.1).
 *
 * @param skipUtf8Validation whether to accept a reason that is not UTF-8. Default false.
 * @throws a `ProtocolError`: `WS_ERR_INVALID_CLOSE_CODE`, `WS_ERR_INVALID_UTF8`, or `WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH` for a
 *   payload of one byte, which a `FrameDecoder` already rejects
 */
export function parseClosePayload(payload: Uint8Array, skipUtf8Validation = false): ClosePayload {
  if (payload.length === 0) return { code: CloseCode.NO_STATUS_RECEIVED, reason: payload };
  if (payload.length === 1) throw protocolError('INVALID_CONTROL_PAYLOAD_LENGTH', 1);
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!isValidCloseCode(code)) throw protocolError('INVALID_CLOSE_CODE', code);
  const reason = kernel.view(payload, 2, payload.length);
  if (!skipUtf8Validation && !isUtf8(reason)) throw protocolError('INVALID_UTF8');
  return { code, reason };
}

/**
 * Creates the payload of a close frame.
 *
 * @param code undefined for a frame without a body, and so without a reason
 * @param reason text, or bytes in UTF-8. Default: none.
 * @throws `TypeError` for a code that must not be sent (§7.4) or a reason of another type, `RangeError` for a reason of more than
 *   {@link MAX_REASON_LENGTH} bytes
 */
export function formatClosePayload(code?: number, reason: string | Uint8Array = ''): Uint8Array {
  if (code === undefined) return kernel.allocate(0);
  if (typeof code !== 'number' || !isValidCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }
  // Other views are rejected, because `set()` would copy them element by element, and not their bytes.
  if (typeof reason !== 'string' && !isUint8Array(reason)) {
    throw new TypeError('Second argument must be a string or a Uint8Array');
  }
  const length = typeof reason === 'string' ? kernel.utf8Length(reason) : reason.length;
  if (length > MAX_REASON_LENGTH) throw new RangeError('The message must not be greater than 123 bytes');
  const payload = kernel.allocate(2 + length);
  payload[0] = code >>> 8;
  payload[1] = code;
  if (typeof reason === 'string') kernel.writeUtf8(payload, 2, reason);
  else payload.set(reason, 2);
  return payload;
}
