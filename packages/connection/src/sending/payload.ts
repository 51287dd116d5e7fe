// What a message can be sent from, and its form on the way out: text, bytes, or a Blob that has to be read first.
import { Blob, Buffer } from 'node:buffer';
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';

/** What a message can be sent from: text, bytes in any container, a number as text, or an array of bytes. */
export type SendableData =
  | string
  | number
  | Blob
  | ArrayBufferLike
  | ArrayBufferView
  | readonly unknown[]
  // What else `Buffer.from()` takes.
  | { valueOf(): string | ArrayBufferLike | Uint8Array | readonly number[] }
  | { [Symbol.toPrimitive](hint: string): string };

export const EMPTY = Buffer.alloc(0);

/** Whether it is a Blob, of this realm or any other maker's. */
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
 * The bytes or the text to send, or the Blob that they have to be read from. Buffers and views are not copied. Nothing (`undefined`,
 * `null`, `false`) is an empty message.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG_TYPE`) for anything that is neither text nor bytes
 */
export function toPayload(data: unknown): string | Uint8Array | Blob {
  // Nearly all are: the rest would be asked in vain.
  if (isPayload(data)) return data;
  if (isBlob(data)) return data;
  if (typeof data === 'number') return String(data);
  if (data === undefined || data === null || data === false) return EMPTY;
  if (isAnyArrayBuffer(data)) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data as Uint8Array);
}

/** Whether it is text or bytes, of whatever realm, as they go out. */
export function isPayload(data: unknown): data is string | Uint8Array {
  return typeof data === 'string' || isUint8Array(data);
}

/** How many bytes a message would be, or was, in `bufferedAmount`. */
export function payloadLength(data: unknown): number {
  const payload = toPayload(data);
  if (!isPayload(payload)) return payload.size;
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}
