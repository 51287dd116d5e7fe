// A frame as bytes: how much room it needs, and where it is put.
import { Buffer } from 'node:buffer';
import {
  frameHeaderSize,
  MAX_HEADER_SIZE,
  maxTextFrameSize,
  writeFrame,
  writeTextFrame,
  type MaskingKey,
} from '@framewire/codec';

/**
 * The longest payload that is copied into the slab; a longer one has memory of its own. With 1 KiB an echo of 12 KB takes a sixth
 * more; between 4 and 64 KiB no difference was measured.
 */
export const MAX_COPIED = 16 * 1024;
/** The room for the longest payload that is copied, and its header. */
export const MAX_ROOM = MAX_HEADER_SIZE + MAX_COPIED;
/** Up to this many UTF-16 units a text's worst case is reserved, beyond it is measured first. */
const MAX_UNMEASURED = 4 * 1024;

/** How much room to reserve for a frame in the slab, in bytes; more than {@link MAX_ROOM} for one that is too long to be copied there. */
export function roomFor(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? roomForText(payload) : MAX_HEADER_SIZE + payload.length;
}

function roomForText(text: string): number {
  if (text.length <= MAX_UNMEASURED) return maxTextFrameSize(text.length);
  return MAX_HEADER_SIZE + (text.length > MAX_COPIED ? text.length : Buffer.byteLength(text));
}

/** Writes a frame of text or bytes at `offset`; returns the offset behind it. */
export function putFrame(
  memory: Buffer,
  offset: number,
  firstByte: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): number {
  return typeof payload === 'string'
    ? writeTextFrame(memory, offset, firstByte, payload, key)
    : writeFrame(memory, offset, firstByte, payload, key);
}

/** How many bytes a payload is. */
export function payloadSize(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}

/** A frame in memory of its own. */
export function frameOf(
  firstByte: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): Buffer {
  const length = payloadSize(payload);
  return frameIn(
    Buffer.allocUnsafeSlow(frameHeaderSize(length, key !== undefined) + length),
    firstByte,
    payload,
    key,
  );
}

/** A frame at the beginning of a piece of memory: its bytes. */
export function frameIn(
  memory: Buffer,
  firstByte: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): Buffer {
  return memory.subarray(0, putFrame(memory, 0, firstByte, payload, key));
}
