// How bytes are handed to a stream. Streams differ in when they read the bytes, and in what code runs inside `write()`.
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { frameHeaderSize, writeFrameHeader, type MaskingKey } from '@framewire/codec';
import type { ClosedSegments, Written } from './closed-segments.ts';
import { frameIn, frameOf, payloadSize } from './frame-bytes.ts';
import { borrowScratch, LONGEST_BORROWED, returnScratch } from './scratch.ts';
import { SLAB_SIZE, type Segment } from './slab.ts';

/** A frame that is written on its own. */
export interface LongFrame {
  /** The first byte of its header (§5.2). */
  readonly firstByte: number;
  readonly payload: string | Uint8Array;
  readonly key: MaskingKey | undefined;
}

/** Writes to one kind of stream. There are three writers, without state. {@link writerFor} chooses one. */
export interface StreamWriter {
  /** Whether a send may write immediately, because the stream reads the bytes before `write()` returns, or keeps them unchanged. */
  readonly isImmediate: boolean;
  /** Whether the kernel has the bytes when `writableLength` is 0 after a write. */
  readonly reachesKernel: boolean;
  /** Writes bytes that other connections write, too. They must not change. */
  writeShared(stream: Duplex, bytes: Uint8Array, written: Written | undefined): void;
  /** Writes a segment, and releases it when nothing reads it any more. */
  writeSegment(stream: Duplex, segment: Segment, written: Written | undefined): void;
  /** Writes several segments in order, in one write if they are short. */
  writeSegments(stream: Duplex, segments: ClosedSegments): void;
  /** Writes a frame that is too long for the slab. Requires {@link StreamWriter.isImmediate}. */
  writeLong(stream: Duplex, frame: LongFrame, written: Written | undefined): void;
}

// Node's own methods. If a tool has replaced them on a stream, the new ones may keep the bytes for later.
/* eslint-disable @typescript-eslint/unbound-method -- they are compared, never called */
const { _write, _writev } = Socket.prototype;
const { write } = Duplex.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/**
 * Returns the writer for a stream. Call this before each write, because a program may replace the methods of a socket at any time. The new
 * methods may then read the bytes at any time.
 */
export function writerFor(stream: Duplex): StreamWriter {
  if (isPlainSocket(stream)) return plainSocketWriter;
  return isTlsSocket(stream) ? tlsSocketWriter : duplexWriter;
}

/** Whether a stream is a TCP or IPC socket with Node's own methods. */
function isPlainSocket(stream: Duplex): boolean {
  return Object.getPrototypeOf(stream) === Socket.prototype && hasOwnMethodsOfNode(stream);
}

/** Whether a stream is a TLS socket with Node's own methods, over any stream. */
function isTlsSocket(stream: Duplex & { readonly encrypted?: unknown }): boolean {
  return stream.encrypted === true && stream instanceof Socket && hasOwnMethodsOfNode(stream);
}

function hasOwnMethodsOfNode(stream: Duplex): boolean {
  return stream.write === write && stream._write === _write && stream._writev === _writev;
}

/** A TCP or IPC socket passes bytes to the kernel inside `write()`, and keeps what the kernel does not accept. */
const plainSocketWriter: StreamWriter = {
  isImmediate: true,
  reachesKernel: true,

  writeShared(stream, bytes, written) {
    stream.write(bytes, written);
  },

  writeSegment(stream, segment, written) {
    // Data that must wait for earlier data is copied, because one message that the peer does not read would keep the whole slab alive.
    if (stream.writableLength > 0) {
      stream.write(segment.detach(), written);
      return;
    }
    stream.write(segment.content, written);
    if (stream.writableLength === 0) segment.release();
  },

  writeSegments(stream, segments) {
    if (segments.length <= SLAB_SIZE) this.writeSegment(stream, segments.joinInSlab(), settlerOf(segments));
    // Without cork(), so that `writableLength` after each write shows whether the kernel has accepted the segment.
    else for (const { segment, written } of segments.all) this.writeSegment(stream, segment, written);
  },

  writeLong(stream, frame, written) {
    if (frame.key === undefined && typeof frame.payload !== 'string' && stream.writableLength === 0) {
      writeUncopied(stream, frame.firstByte, frame.payload, written);
      return;
    }
    const length = payloadSize(frame.payload);
    if (stream.writableLength > 0 || length > LONGEST_BORROWED) {
      stream.write(frameOf(frame.firstByte, frame.payload, frame.key), written);
      return;
    }
    const loan = { memory: borrowScratch(length), waits: false };
    stream.write(frameIn(loan.memory, frame.firstByte, frame.payload, frame.key), returning(loan, written));
    // The write calls back when the kernel has what it did not accept immediately.
    loan.waits = stream.writableLength > 0;
    if (!loan.waits) returnScratch(loan.memory);
  },
};

/** A TLS socket encrypts inside `write()`, unless earlier data is waiting. Corked writes are encrypted together. */
const tlsSocketWriter: StreamWriter = {
  isImmediate: true,
  reachesKernel: false,

  writeShared(stream, bytes, written) {
    stream.write(bytes, written);
  },

  writeSegment(stream, segment, written) {
    stream.write(segment.detach(), written);
  },

  writeSegments(stream, segments) {
    if (segments.length <= SLAB_SIZE) {
      this.writeSegment(stream, segments.join(), settlerOf(segments));
      return;
    }
    stream.cork();
    for (const { segment, written } of segments.all) this.writeSegment(stream, segment, written);
    stream.uncork();
  },

  writeLong(stream, frame, written) {
    if (frame.key === undefined && typeof frame.payload !== 'string' && stream.writableLength === 0) {
      writeUncopied(stream, frame.firstByte, frame.payload, written);
    } else stream.write(frameOf(frame.firstByte, frame.payload, frame.key), written);
  },
};

/** Any other stream may pass the same memory on, immediately or later, to code that keeps or changes it. */
const duplexWriter: StreamWriter = {
  isImmediate: false,
  reachesKernel: false,

  writeShared(stream, bytes, written) {
    stream.write(Buffer.from(bytes), written);
  },

  writeSegment(stream, segment, written) {
    stream.write(segment.detach(), written);
  },

  writeSegments(stream, segments) {
    if (segments.length <= SLAB_SIZE) this.writeSegment(stream, segments.join(), settlerOf(segments));
    else for (const { segment, written } of segments.all) this.writeSegment(stream, segment, written);
  },

  writeLong(stream, frame, written) {
    stream.write(frameOf(frame.firstByte, frame.payload, frame.key), written);
  },
};

/**
 * Writes header and payload together, without copying the payload. If the kernel accepts only a part, the rest must not change until
 * `written` is called.
 */
function writeUncopied(
  stream: Duplex,
  firstByte: number,
  payload: Uint8Array,
  written: Written | undefined,
): void {
  const header = Buffer.allocUnsafe(frameHeaderSize(payload.length, false));
  writeFrameHeader(header, 0, firstByte, payload.length, undefined);
  stream.cork();
  stream.write(header);
  stream.write(payload, written);
  stream.uncork();
}

function settlerOf(segments: ClosedSegments): Written {
  return (error) => {
    segments.settle(error);
  };
}

/**
 * Returns a callback that returns borrowed memory to the pool, if its write had to wait. A function of its own, because a closure inside
 * the caller would keep the payload alive.
 */
function returning(
  loan: { readonly memory: Buffer; readonly waits: boolean },
  written: Written | undefined,
): Written {
  return (error) => {
    if (loan.waits && !error) returnScratch(loan.memory);
    written?.(error);
  };
}
