// The messages between a hub and its processes or threads.
import { Buffer } from 'node:buffer';
import { nextTick } from 'node:process';
import type { Position } from '../broker.ts';

/** Bytes. They are in Base64 between processes, whose messages are JSON by default. */
export type Bytes = string | Uint8Array;

/**
 * A request to the hub. The answer repeats its number. `hello` begins a session, and ends the subscriptions of the one before it. `read`
 * repeats the number of the newest mark that the client has read.
 */
export type Request =
  | readonly ['hello', number]
  | readonly ['goodbye']
  | readonly ['read', number]
  | readonly ['ping', number]
  | readonly ['publish', number, string, Bytes]
  | readonly ['subscribe', number, string]
  | readonly ['unsubscribe', number, string]
  | readonly ['history', number, string, Position];

/**
 * A message of the hub. `hello` repeats the number of the session, unless the hub greets first. `mark` is the number of bytes that the hub
 * has sent to the client until now. `history` has the first of the messages, or null if some are missing. After
 * `interrupted`, the hub delivers no messages, and handles no requests, until the client begins another session.
 */
export type Reply =
  | readonly ['hello', { readonly hasHistory: boolean; readonly session?: number | undefined }]
  | readonly ['mark', number]
  | readonly ['interrupted']
  | readonly ['message', string, Bytes, Position | null]
  | readonly ['position', number, Position | null]
  | readonly ['history', number, Position, readonly (readonly [number, Bytes])[] | null];

/** The property that distinguishes these messages from others between the same processes. */
const KEY = 'framewire:topics';

/** Messages that travel together. */
interface Batch {
  /** The identifier of the client: several may share a channel. A greeting without it is for all of them. */
  readonly client: string | undefined;
  readonly messages: readonly (Request | Reply)[];
}

/** Returns undefined for a message of the program. */
export function unwrap(message: unknown): Batch | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return (message as Record<string, Batch | undefined>)[KEY];
}

/** Sends the messages of a turn together, because each message between processes has a high cost, whatever its length. */
export class Sender<M extends Request | Reply> {
  readonly #send: (message: object) => void;
  readonly #client: string | undefined;
  #waiting: M[] = [];

  /** @param client the client that sends the messages, or that they are for */
  constructor(client: string | undefined, send: (message: object) => void) {
    this.#client = client;
    this.#send = send;
  }

  /** Sends a message at the end of the turn. */
  send(message: M): void {
    if (this.#waiting.push(message) === 1) nextTick(() => this.flush());
  }

  /** Sends now what waits for the end of the turn. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const messages = this.#waiting;
    this.#waiting = [];
    this.#send({ [KEY]: { client: this.#client, messages } satisfies Batch });
  }
}

/** Returns the bytes of either form. */
export function toBytes(bytes: Bytes): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
}

/** Returns the form that survives JSON. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Copies bytes, because a port would send the whole buffer that they are a part of. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
