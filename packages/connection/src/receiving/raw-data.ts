// The forms in which a message arrives at the user's listener.
import { Blob, type Buffer } from 'node:buffer';
import { Opcode, type Message } from '@framewire/codec';

/**
 * What a message arrives as, by `binaryType`. Text is always a `Buffer`. The `Blob` of the type `blob` is left out, as programs
 * tell the other three apart and are done; who sets that type writes `(data: Blob) => ...` for the listener.
 */
export type RawData = Buffer | ArrayBuffer | Buffer[];

/** What binary messages arrive as: `Buffer`, `ArrayBuffer`, the fragments as `Buffer[]`, or `Blob`. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'];

export function isBinaryType(type: unknown): type is BinaryType {
  return typeof type === 'string' && BINARY_TYPES.includes(type);
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
