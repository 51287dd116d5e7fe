// Frames on the wire for both roles, from frames that are written without a mask.
import { concat, hex } from './hex.ts';

export type Role = 'client' | 'server';
export const roles: readonly Role[] = ['server', 'client'];

/** The masking key of the examples in the RFC (§5.7). */
export const KEY = '37fa213d';

/**
 * Frames, written in hex and without a mask, as a role receives them: a client unchanged, a server masked (§5.1, §5.3).
 */
export function received(role: Role, ...frames: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = frames.map((frame) => (typeof frame === 'string' ? hex(frame) : frame));
  return concat(...(role === 'client' ? bytes : bytes.map((frame) => masked(frame))));
}

/** Masks a frame. */
export function masked(frame: Uint8Array, key = hex(KEY)): Uint8Array {
  const header = frame.slice(0, headerSize(frame[1]!));
  header[1]! |= 0x80;
  return concat(header, key, naivelyMasked(frame.subarray(header.length), key));
}

/** "transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)" (§5.3). */
export function naivelyMasked(payload: Uint8Array, key: Uint8Array): Uint8Array<ArrayBuffer> {
  const masked = new Uint8Array(payload.length);
  for (let i = 0; i < payload.length; i++) masked[i] = payload[i]! ^ key[i % 4]!;
  return masked;
}

function headerSize(second: number): number {
  if (second === 126) return 4;
  return second === 127 ? 10 : 2;
}

/** An unmasked frame, from its first byte in hex and its payload. */
export function frame(first: string, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const digits = (size: number) => length.toString(16).padStart(2 * size, '0');
  if (length <= 125) return concat(hex(first + digits(1)), payload);
  return concat(hex(length <= 0xffff ? `${first}7e${digits(2)}` : `${first}7f${digits(8)}`), payload);
}
