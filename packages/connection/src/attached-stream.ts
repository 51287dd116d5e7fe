// The link from a stream to its session, and the listeners on streams, which all sessions share.
import type { AsyncResource } from 'node:async_hooks';
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { nextTick } from './scheduling.ts';

/** The part of a session that the listeners on its stream call. */
export interface StreamOwner {
  /** The async context in which the methods are called. */
  readonly context: AsyncResource;
  streamData(chunk: Buffer): void;
  streamEnded(): void;
  streamFailed(): void;
  streamClosed(): void;
}

const ownerKey = Symbol('owner');

/**
 * The owner is null after the session has ended. A program may keep the stream for a long time, and the stream must not keep the WebSocket
 * alive.
 */
interface AttachedStream extends Duplex {
  [ownerKey]?: StreamOwner | null;
}

/** Whether a stream carries a WebSocket, or has carried one. */
export function isAttached(stream: Duplex): boolean {
  return (stream as AttachedStream)[ownerKey] !== undefined;
}

export function attach(stream: AttachedStream, owner: StreamOwner): void {
  stream[ownerKey] = owner;
}

export function detach(stream: AttachedStream): void {
  stream[ownerKey] = null;
}

/** Starts reading. `head` comes first: bytes that were already read from the stream, after the opening handshake. */
export function listen(
  stream: Duplex & Partial<Pick<Socket, 'setTimeout' | 'setNoDelay'>>,
  head: Buffer,
): void {
  // The HTTP server or client may have set a time limit, which must not end the WebSocket.
  stream.setTimeout?.(0);
  // Small frames must not wait for more data (Nagle's algorithm).
  stream.setNoDelay?.();
  if (head.length > 0) stream.unshift(head);
  for (const [event, listener] of listeners) stream.on(event, listener);
  // A stream that has closed emits no more events.
  if (stream.closed) nextTick(reportClosed, stream);
}

function reportClosed(stream: AttachedStream): void {
  stream[ownerKey]?.context.runInAsyncScope(() => stream[ownerKey]?.streamClosed());
}

/** Returns a listener for the streams of all sessions. It calls `run` in the async context of the session. */
function listenerOf(run: (owner: StreamOwner, argument: unknown) => void) {
  return function (this: AttachedStream, argument: unknown): void {
    const owner = this[ownerKey];
    if (owner) owner.context.runInAsyncScope(run, undefined, owner, argument);
  };
}

const listeners = [
  [
    'close',
    listenerOf((owner) => {
      owner.streamClosed();
    }),
  ],
  [
    'data',
    listenerOf((owner, chunk) => {
      owner.streamData(chunk as Buffer);
    }),
  ],
  [
    'end',
    listenerOf((owner) => {
      owner.streamEnded();
    }),
  ],
  [
    'error',
    listenerOf((owner) => {
      owner.streamFailed();
    }),
  ],
] as const;
