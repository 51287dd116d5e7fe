// The types in which messages are passed to the application.
import { Blob, type Buffer } from 'node:buffer';
import { Opcode, type Message } from '@framewire/codec';

/**
 * The data of a message, by `binaryType`. Text is always a `Buffer`. `Blob` is not part of the union, so that most programs need not
 * handle it. For the type `blob`, declare the listener as `(data: Blob) => ...`.
 */
export type RawData = Buffer | ArrayBuffer | Buffer[];

/** The type of binary messages: `Buffer`, `ArrayBuffer`, the fragments as `Buffer[]`, or `Blob`. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'];

export function isBinaryType(type: unknown): type is BinaryType {
  return typeof type === 'string' && BINARY_TYPES.includes(type);
}

/** Converts a message to the type that the application has chosen. */
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

/** Returns the bytes as an `ArrayBuffer`: the underlying one if the bytes fill it, otherwise a copy. */
function toArrayBuffer(data: Buffer): ArrayBuffer {
  const buffer = data.buffer as ArrayBuffer;
  if (data.byteLength === buffer.byteLength) return buffer;
  return buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}
