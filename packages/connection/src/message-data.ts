// The forms that a message has for the user: what `send()` takes, what the `message` event gives.
import { Blob, Buffer } from 'node:buffer';
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import { Opcode, type Message } from '@framewire/codec';

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

/**
 * What a message arrives as, by `binaryType`. Text is always a `Buffer`. The `Blob` of the type `blob` is left out, as programs
 * tell the other three apart and are done; who sets that type writes `(data: Blob) => ...` for the listener.
 */
export type RawData = Buffer | ArrayBuffer | Buffer[];

/** What binary messages arrive as: `Buffer`, `ArrayBuffer`, the fragments as `Buffer[]`, or `Blob`. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'];

export const EMPTY = Buffer.alloc(0);

export function isBinaryType(type: unknown): type is BinaryType {
  return typeof type === 'string' && BINARY_TYPES.includes(type);
}

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

/** What a message is given to the user as. */
export function toRawData(message: Message, binaryType: BinaryType): RawData | Blob {
  const isBuffer = binaryType === 'nodebuffer' || message.opcode === Opcode.TEXT;
  return isBuffer ? (message.data as Buffer) : convert(message, binaryType);
}

function convert(message: Message, binaryType: BinaryType): RawData | Blob {
  const data = message.data as Buffer;
  if (binaryType === 'arraybuffer') return toArrayBuffer(data);
  if (binaryType === 'blob') return new Blob([data]);
  const fragments = (message.fragments ?? [data]) as readonly Buffer[];
  return fragments.filter((fragment) => fragment.length > 0);
}

/** The bytes alone in an `ArrayBuffer`: the one they are in where they fill it, else a copy. */
function toArrayBuffer(data: Buffer): ArrayBuffer {
  const buffer = data.buffer as ArrayBuffer;
  if (data.byteLength === buffer.byteLength) return buffer;
  return buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}
