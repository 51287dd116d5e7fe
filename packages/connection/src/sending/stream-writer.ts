// How bytes are handed to a stream. Streams differ in when they read what they are given, and in what runs meanwhile.
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { frameHeaderSize, writeFrameHeader, type MaskingKey } from '@framewire/codec';
import type { ClosedSegments, Written } from './closed-segments.ts';
import { frameIn, frameOf, payloadSize } from './frame-bytes.ts';
import { borrowScratch, LONGEST_LENT, returnScratch } from './scratch.ts';
import { SLAB_SIZE, type Segment } from './slab.ts';

/** A frame to be written by itself. */
export interface LongFrame {
  /** The first byte of its header (§5.2). */
  readonly firstByte: number;
  readonly payload: string | Uint8Array;
  readonly key: MaskingKey | undefined;
}

/** One way to write. There are three, without state: {@link writerFor} chooses. */
export interface StreamWriter {
  /** Whether a send may write at once: the stream reads what it is given before `write()` returns, or keeps it unchanged. */
  readonly isImmediate: boolean;
  /** Whether `writableLength === 0` after a write proves that the kernel has the bytes. */
  readonly reachesKernel: boolean;
  /** Writes bytes that other connections write too, which therefore must not change. */
  writeShared(stream: Duplex, bytes: Uint8Array, written: Written | undefined): void;
  /** Writes a segment, and releases it when nobody reads it any more. */
  writeSegment(stream: Duplex, segment: Segment, written: Written | undefined): void;
  /** Writes several segments in order, as one where they are short. */
  writeSegments(stream: Duplex, segments: ClosedSegments): void;
  /** Writes a frame that is too long to be copied into the slab. Only where {@link StreamWriter.isImmediate}. */
  writeLong(stream: Duplex, frame: LongFrame, written: Written | undefined): void;
}

// As Node makes them. A tool that puts its own in their place may keep the bytes for later.
/* eslint-disable @typescript-eslint/unbound-method -- they are compared, never called */
const { _write, _writev } = Socket.prototype;
const { write } = Duplex.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/**
 * The writer for a stream. Ask before each write: a program may replace the methods of a socket at any time, and then may read the
 * bytes at any time.
 */
export function writerFor(stream: Duplex): StreamWriter {
  if (isPlainSocket(stream)) return plainSocketWriter;
  return isTlsSocket(stream) ? tlsSocketWriter : duplexWriter;
}

/** Whether a stream is a TCP or IPC socket with the methods that Node gives it. */
function isPlainSocket(stream: Duplex): boolean {
  return (
    Object.getPrototypeOf(stream) === Socket.prototype &&
    stream.write === write &&
    stream._write === _write &&
    stream._writev === _writev
  );
}

/** Whether a stream is a TLS socket, over whatever stream. */
function isTlsSocket(stream: Duplex & { readonly encrypted?: unknown }): boolean {
  return stream.encrypted === true && stream instanceof Socket;
}

/** A TCP or IPC socket passes bytes to the kernel inside `write()`, and keeps what the kernel does not take. */
const plainSocketWriter: StreamWriter = {
  isImmediate: true,
  reachesKernel: true,

  writeShared(stream, bytes, written) {
    stream.write(bytes, written);
  },

  writeSegment(stream, segment, written) {
    // Only what the kernel takes immediately is read from the slab. Whatever has to wait gets memory of its own: one message that
    // is not read would hold all that lies beside it.
    if (stream.writableLength > 0) {
      stream.write(segment.detach(), written);
      return;
    }
    stream.write(segment.content, written);
    if (stream.writableLength === 0) segment.release();
  },

  writeSegments(stream, segments) {
    if (segments.length <= SLAB_SIZE) this.writeSegment(stream, segments.joinInSlab(), settlerOf(segments));
    // Not corked: then nothing would tell which of them the kernel has taken.
    else for (const { segment, written } of segments.all) this.writeSegment(stream, segment, written);
  },

  writeLong(stream, frame, written) {
    if (frame.key === undefined && typeof frame.payload !== 'string' && stream.writableLength === 0) {
      writeUncopied(stream, frame.firstByte, frame.payload, written);
      return;
    }
    const length = payloadSize(frame.payload);
    if (stream.writableLength > 0 || length > LONGEST_LENT) {
      stream.write(frameOf(frame.firstByte, frame.payload, frame.key), written);
      return;
    }
    const loan = { memory: borrowScratch(length), waits: false };
    stream.write(frameIn(loan.memory, frame.firstByte, frame.payload, frame.key), returning(loan, written));
    // What the kernel does not take immediately it has when the write calls back.
    loan.waits = stream.writableLength > 0;
    if (!loan.waits) returnScratch(loan.memory);
  },
};

/** A TLS socket encrypts inside `write()`, unless it is backed up. It encrypts together what it is given together. */
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

/** Any other stream may pass the very bytes on, immediately or later, to code that keeps or changes them. */
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

/** Writes header and payload in one system call, the payload where it lies. */
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

/** Returns a loan when a write that had to wait calls back. Made apart: a closure holds all that lies around it, the payload too. */
function returning(
  loan: { readonly memory: Buffer; readonly waits: boolean },
  written: Written | undefined,
): Written {
  return (error) => {
    if (loan.waits && !error) returnScratch(loan.memory);
    written?.(error);
  };
}
