// Whether a chunk of a stream is used by its connection alone, so that its memory can be freed before the next collection of garbage.
import type { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Readable, type Duplex } from 'node:stream';

// As Node makes them. A tool that replaces them may keep chunks.
/* eslint-disable @typescript-eslint/unbound-method -- they are compared, never called */
const { emit } = EventEmitter.prototype;
const { push } = Readable.prototype;
const { read } = Socket.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/** Freeing less memory costs as much as it saves. */
const LEAST = 4096;

/** Whether nothing but the listener of the connection gets the chunk, and the chunk is all of its memory. */
export function isOnlyUse(stream: Duplex, chunk: Buffer): boolean {
  return (
    chunk.length >= LEAST &&
    chunk.length === chunk.buffer.byteLength &&
    stream instanceof Socket &&
    stream.emit === emit &&
    stream.push === push &&
    stream.read === read &&
    stream.listenerCount('data') === 1 &&
    stream.listenerCount('readable') === 0
  );
}
