// The data that a message can be sent from: text, bytes, or a Blob, which must be read first.
import { Blob, Buffer } from 'node:buffer';
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';

/** The data that `send()` takes: text, bytes in any container, a number as text, or an array of bytes. */
export type SendableData =
  | string
  | number
  | Blob
  | ArrayBufferLike
  | ArrayBufferView
  | readonly unknown[]
  // Other objects that `Buffer.from()` takes.
  | { valueOf(): string | ArrayBufferLike | Uint8Array | readonly number[] }
  | { [Symbol.toPrimitive](hint: string): string };

export const EMPTY = Buffer.alloc(0);

/** Whether the data is a Blob, including one from another realm or from a library. */
function isBlob(data: unknown): data is Blob {
  if (data instanceof Blob) return true;
  const other = data as Partial<Blob> | null | undefined;
  return (
    typeof other === 'object' &&
    typeof other?.arrayBuffer === 'function' &&
    typeof other.size === 'number' &&
    /^\[object (?:Blob|File)\]$/.test(Object.prototype.toString.call(other))
  );
}

/**
 * Returns the text or bytes to send, or the Blob that contains them. Does not copy buffers and views. For `undefined`, `null` and
 * `false` the message is empty.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG_TYPE`) for anything that is neither text nor bytes
 */
export function toPayload(data: unknown): string | Uint8Array | Blob {
  // First, because nearly all messages are text or bytes.
  if (isPayload(data)) return data;
  if (isBlob(data)) return data;
  if (typeof data === 'number') return String(data);
  if (data === undefined || data === null || data === false) return EMPTY;
  if (isAnyArrayBuffer(data)) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data as Uint8Array);
}

/** Whether the data is text or a `Uint8Array`, of any realm. */
export function isPayload(data: unknown): data is string | Uint8Array {
  return typeof data === 'string' || isUint8Array(data);
}

/** How many bytes the data adds to `bufferedAmount`. */
export function payloadLength(data: unknown): number {
  const payload = toPayload(data);
  if (!isPayload(payload)) return payload.size;
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}
