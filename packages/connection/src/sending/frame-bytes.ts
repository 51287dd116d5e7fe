// How much memory a frame needs, and how it is written into that memory.
import { Buffer } from 'node:buffer';
import {
  frameHeaderSize,
  MAX_HEADER_SIZE,
  maxTextFrameSize,
  writeFrame,
  writeTextFrame,
  type MaskingKey,
} from '@framewire/codec';

/** The longest payload that is copied into the slab, in bytes. A longer one gets memory of its own. */
export const MAX_COPIED = 16 * 1024;
/** The size of a frame with the longest payload that is copied. */
export const MAX_ROOM = MAX_HEADER_SIZE + MAX_COPIED;
/** For a text of up to this many UTF-16 code units, memory for the worst case is reserved. A longer text is measured first. */
const MAX_UNMEASURED = 4 * 1024;

/** How many bytes to reserve in the slab for a frame. More than {@link MAX_ROOM} if the frame is too long for the slab. */
export function roomFor(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? roomForText(payload) : MAX_HEADER_SIZE + payload.length;
}

function roomForText(text: string): number {
  if (text.length <= MAX_UNMEASURED) return maxTextFrameSize(text.length);
  return MAX_HEADER_SIZE + (text.length > MAX_COPIED ? text.length : Buffer.byteLength(text));
}

/** Writes a frame of text or bytes at `offset`. Returns the offset after it. */
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

/** The size of a payload in bytes. */
export function payloadSize(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
}

/** Returns a frame in memory of its own. */
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

/** Writes a frame at the start of `memory`. Returns its bytes, as a view. */
export function frameIn(
  memory: Buffer,
  firstByte: number,
  payload: string | Uint8Array,
  key: MaskingKey | undefined,
): Buffer {
  return memory.subarray(0, putFrame(memory, 0, firstByte, payload, key));
}
