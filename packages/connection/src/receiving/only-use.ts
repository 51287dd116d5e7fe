// Whether only the connection uses a chunk of its stream, so that the memory can be freed before the next garbage collection.
import type { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Readable, type Duplex } from 'node:stream';

// Node's own methods. A tool that replaces them may keep chunks.
/* eslint-disable @typescript-eslint/unbound-method -- they are compared, never called */
const { emit } = EventEmitter.prototype;
const { push } = Readable.prototype;
const { read } = Socket.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/** The shortest chunk that is freed, in bytes. Freeing a shorter one saves nothing. */
const LEAST = 4096;

/** Whether only the listener of the connection gets the chunk, and the chunk is all of its memory. */
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
