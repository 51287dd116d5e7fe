// Frames into bytes (RFC 6455 §5.2): in a new buffer, or in a buffer of the caller.
import { kernel } from '#kernels';
import { firstByte, frameHeaderSize, MAX_LENGTH_7, writeFrameHeader } from './frame-header.ts';
import { applyMask, copyMasked, type MaskingKey } from './masking.ts';
import type { Opcode } from './opcode.ts';

/** A frame to encode. */
export interface FrameToEncode {
  readonly opcode: Opcode;
  /** Default: empty. */
  readonly payload?: Uint8Array;
  /** Whether this is the last frame of its message. Default true. */
  readonly fin?: boolean;
  /** Whether the extension's bit is set (RFC 7692 §6). Default false. */
  readonly rsv1?: boolean;
  /** A client masks every frame with a new key (§5.1, §5.3). A server masks none. Default: not masked. */
  readonly maskingKey?: MaskingKey | undefined;
}

const EMPTY = new Uint8Array(0);

/**
 * Returns a frame: the header and a copy of the payload. Does not check the rules of the protocol, so that tests can create frames that
 * break them.
 *
 * @example
 * ```ts
 * const text = new TextEncoder().encode('hello');
 * socket.write(encodeFrame({ opcode: Opcode.TEXT, payload: text, maskingKey: randomMaskingKey() }));
 * ```
 */
export function encodeFrame(frame: FrameToEncode): Uint8Array {
  const { opcode, payload = EMPTY, fin = true, rsv1 = false, maskingKey } = frame;
  const size = frameHeaderSize(payload.length, maskingKey !== undefined) + payload.length;
  const target = kernel.allocate(size);
  writeFrame(target, 0, firstByte(opcode, fin, rsv1), payload, maskingKey);
  return target;
}

/**
 * Writes a frame with a payload of bytes at `offset`. There must be room for the header (`frameHeaderSize`) and the payload.
 *
 * @param first the first byte, from `firstByte`
 * @returns the offset after the frame
 */
export function writeFrame(
  target: Uint8Array,
  offset: number,
  first: number,
  payload: Uint8Array,
  maskingKey: MaskingKey | undefined,
): number {
  const { length } = payload;
  // Most frames of a server have a header of two bytes. Writing it here is faster (benchmark scenario `echo-20x64`).
  if (length > MAX_LENGTH_7 || maskingKey !== undefined) {
    return writeAnyFrame(target, offset, first, payload, maskingKey);
  }
  target[offset] = first;
  target[offset + 1] = length;
  target.set(payload, offset + 2);
  return offset + 2 + length;
}

function writeAnyFrame(
  target: Uint8Array,
  offset: number,
  first: number,
  payload: Uint8Array,
  maskingKey: MaskingKey | undefined,
): number {
  const start = writeFrameHeader(target, offset, first, payload.length, maskingKey);
  if (maskingKey === undefined) target.set(payload, start);
  else copyMasked(payload, 0, payload.length, target, start, maskingKey);
  return start + payload.length;
}

/** Returns the most bytes that {@link writeTextFrame} needs for a text of `textLength` UTF-16 code units. */
export function maxTextFrameSize(textLength: number): number {
  return frameHeaderSize(textLength * 3, true) + textLength * 3;
}

/**
 * Writes a frame with a string as its payload at `offset`. There must be room for {@link maxTextFrameSize} bytes. The string is encoded
 * in place, without a copy.
 *
 * @param first the first byte, from `firstByte`
 * @returns the offset after the frame
 */
export function writeTextFrame(
  target: Uint8Array,
  offset: number,
  first: number,
  text: string,
  maskingKey: MaskingKey | undefined,
): number {
  const masked = maskingKey !== undefined;
  // The size of the header depends on the length in bytes, which is known only after encoding. If it differs from the expected size, move
  // the text.
  const expected = offset + frameHeaderSize(text.length, masked);
  const length = kernel.writeUtf8(target, expected, text);
  const start = offset + frameHeaderSize(length, masked);
  if (start !== expected) target.copyWithin(start, expected, expected + length);
  writeFrameHeader(target, offset, first, length, maskingKey);
  if (maskingKey !== undefined) applyMask(target, start, start + length, maskingKey);
  return start + length;
}
