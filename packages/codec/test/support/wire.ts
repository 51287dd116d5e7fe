// What the two roles get from the wire, made in the plainest way from frames written without a mask.
import { concat, hex } from './hex.ts';

export type Role = 'client' | 'server';
export const roles: readonly Role[] = ['server', 'client'];

/** The masking key of the RFC's examples (§5.7). */
export const KEY = '37fa213d';

/**
 * Frames, each written in hex and without a mask, as they reach a role: a client as they are, a server with
 * MASK set and masked (§5.1, §5.3).
 */
export function received(role: Role, ...frames: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = frames.map((frame) => (typeof frame === 'string' ? hex(frame) : frame));
  return concat(...(role === 'client' ? bytes : bytes.map((frame) => masked(frame))));
}

/** One frame without a mask, masked. */
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

/** A frame without a mask from its first byte, in hex, and its payload. */
export function frame(first: string, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const digits = (size: number) => length.toString(16).padStart(2 * size, '0');
  if (length <= 125) return concat(hex(first + digits(1)), payload);
  return concat(hex(length <= 0xffff ? `${first}7e${digits(2)}` : `${first}7f${digits(8)}`), payload);
}
