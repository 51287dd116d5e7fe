// The header of a frame (RFC 6455 §5.2): the 2 to 14 bytes before the payload.
import { writeMaskingKey, type MaskingKey } from './masking.ts';
import type { Opcode } from './opcode.ts';

/** FIN, RSV1-RSV3 and the opcode: the fields of the first byte. */
export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV2_RSV3 = 0x30;
export const OPCODE = 0x0f;
/** MASK and the 7-bit length: the fields of the second byte. */
export const MASK = 0x80;
export const LENGTH = 0x7f;

/** The values of the 7-bit length that announce a length of 16 or 64 bits. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The longest payloads with a 7-bit and a 16-bit length. The first is also the limit for control frames (§5.5). */
export const MAX_LENGTH_7 = 125;
export const MAX_LENGTH_16 = 0xffff;

/** The size of the longest header, in bytes. */
export const MAX_HEADER_SIZE = 14;

/** Returns the first byte of a frame. `rsv1` is set on the first frame of a compressed message (RFC 7692 §6). */
export function firstByte(opcode: Opcode, fin: boolean, rsv1: boolean): number {
  return opcode | (fin ? FIN : 0) | (rsv1 ? RSV1 : 0);
}

/** Returns the size of a header in bytes, given its second byte. */
export function headerSize(secondByte: number): number {
  const length = secondByte & LENGTH;
  return 2 + (length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0) + ((secondByte & MASK) === 0 ? 0 : 4);
}

/** Returns the size of the header of a frame to write, in bytes. The length has its shortest form, as §5.2 requires. */
export function frameHeaderSize(payloadLength: number, masked: boolean): number {
  return 2 + (payloadLength <= MAX_LENGTH_7 ? 0 : payloadLength <= MAX_LENGTH_16 ? 2 : 8) + (masked ? 4 : 0);
}

/**
 * Returns the length of the payload in bytes, given the whole header at `bytes[offset]`. Above 2^53 - 1 it is not exact. A length that
 * is not in its shortest form is accepted, because §5.2 requires the shortest form only from the sender.
 */
export function readPayloadLength(bytes: Uint8Array, offset: number): number {
  const length = (bytes[offset + 1] as number) & LENGTH;
  if (length < LENGTH_16) return length;
  if (length === LENGTH_16) return ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
  return readUint32(bytes, offset + 2) * 2 ** 32 + readUint32(bytes, offset + 6);
}

/**
 * Writes a header at `offset`. There must be room for {@link frameHeaderSize} bytes.
 *
 * @param first the first byte, from {@link firstByte}
 * @param maskingKey undefined for a frame that is not masked
 * @returns the offset after the header
 */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  first: number,
  payloadLength: number,
  maskingKey: MaskingKey | undefined,
): number {
  const mask = maskingKey === undefined ? 0 : MASK;
  let end = offset + 2;
  target[offset] = first;
  if (payloadLength <= MAX_LENGTH_7) {
    target[offset + 1] = mask | payloadLength;
  } else if (payloadLength <= MAX_LENGTH_16) {
    target[offset + 1] = mask | LENGTH_16;
    target[end++] = payloadLength >>> 8;
    target[end++] = payloadLength;
  } else {
    target[offset + 1] = mask | LENGTH_64;
    writeUint32(target, end, Math.floor(payloadLength / 2 ** 32));
    writeUint32(target, end + 4, payloadLength);
    end += 8;
  }
  if (maskingKey === undefined) return end;
  writeMaskingKey(target, end, maskingKey);
  return end + 4;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) * 2 ** 24 +
    (((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number))
  );
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}
