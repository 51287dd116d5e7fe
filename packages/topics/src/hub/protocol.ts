// What a hub and its processes or threads say to each other.
import { Buffer } from 'node:buffer';
import type { Position } from '../broker.ts';

/** Bytes: in Base64 between processes, whose messages are JSON unless they are set up otherwise. */
export type Bytes = string | Uint8Array;

/** What a process asks of the hub. The number comes back with the answer. */
export type Request =
  | readonly ['hello']
  | readonly ['goodbye']
  | readonly ['publish', number, string, Bytes]
  | readonly ['subscribe', number, string]
  | readonly ['unsubscribe', number, string]
  | readonly ['history', number, string, Position];

/** What the hub says to a process. */
export type Reply =
  | readonly ['hello', { readonly hasHistory: boolean }]
  | readonly ['message', string, Bytes, Position | null]
  | readonly ['position', number, Position | null]
  | readonly ['history', number, Position, readonly (readonly [number, Bytes])[] | null];

/** The property that tells these messages from others between the same processes. */
const KEY = 'framewire:topics';

export function wrap(message: Request | Reply): object {
  return { [KEY]: message };
}

/** Undefined for a message of the program. */
export function unwrap(message: unknown): Request | Reply | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return (message as Record<string, Request | Reply | undefined>)[KEY];
}

/** The bytes of either form. */
export function toBytes(bytes: Bytes): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
}

/** A form that survives JSON. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Bytes with memory of their own: with a part of a larger buffer, a port would send all of it. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
