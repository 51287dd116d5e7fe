/** The suite's own frame writer and reader (RFC 6455 §5.2): it writes legal and illegal frames, and reports what it reads. */

import { randomBytes } from 'node:crypto';

/** The opcodes of §5.2; 3-7 and 11-15 are reserved. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** RSV1 as a part of the number that the three reserved bits form. RSV2 is 2, and RSV3 is 1. */
export const RSV1 = 4;

/** A frame to be sent. Nothing about it is checked. */
export interface Frame {
  /** 0-15. */
  readonly opcode: number;
  readonly fin: boolean;
  /** 0-7. */
  readonly rsv: number;
  readonly payload: Buffer;
}

/** The content of the first two octets of a frame. */
export interface FrameStart {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  /** The length field of seven bits: the octets of payload up to 125, or 126 or 127 for the longer forms. */
  readonly shortLength: number;
}

/** The content of the whole header of a frame. */
export interface FrameHeader {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  /** The masking key, or null for an unmasked frame. */
  readonly mask: Buffer | null;
  /** Octets of payload. */
  readonly length: number;
  /** Whether the length is written in the shortest form, as §5.2 demands. */
  readonly shortest: boolean;
}

/** Random octets for the next keys, because one call for each key would be slow in cases with many fragments. */
let unused = Buffer.alloc(0);

/** Returns a fresh masking key (§5.3). */
export function freshMask(): Buffer {
  if (unused.length === 0) unused = randomBytes(MASK_POOL_OCTETS);
  const mask = unused.subarray(0, MASK_OCTETS);
  unused = unused.subarray(MASK_OCTETS);
  return mask;
}

/** Masks or unmasks `octets` in place (§5.3). `offset` is the position of the first octet in the payload. */
export function applyMask(octets: Buffer, mask: Buffer, offset = 0): void {
  const key = [0, 1, 2, 3].map((i) => mask[(offset + i) % MASK_OCTETS] ?? 0);
  if (octets.length < SHORT_OCTETS) {
    maskOctets(octets, key, 0, octets.length);
    return;
  }
  // Masks by words. Payloads have up to 16 Mi octets, and a loop over octets would take most of the time of such a case.
  const head = (4 - (octets.byteOffset % 4)) % 4;
  const wordCount = Math.floor((octets.length - head) / 4);
  const words = new Uint32Array(octets.buffer, octets.byteOffset + head, wordCount);
  const rotated = Uint8Array.from([0, 1, 2, 3], (i) => key[(head + i) % MASK_OCTETS] ?? 0);
  const keyWord = new Uint32Array(rotated.buffer)[0] ?? 0;
  maskOctets(octets, key, 0, head);
  for (let i = 0; i < wordCount; i++) words[i] = (words[i] ?? 0) ^ keyWord;
  maskOctets(octets, key, head + wordCount * 4, octets.length);
}

/** Payloads shorter than this are masked octet by octet. */
const SHORT_OCTETS = 16;

function maskOctets(octets: Buffer, key: readonly number[], from: number, to: number): void {
  for (let i = from; i < to; i++) octets[i] = (octets[i] ?? 0) ^ (key[i % 4] ?? 0);
}

/** Returns the octets of a header. The length has its shortest form, even for a control frame that is too long. */
export function encodeHeader(
  frame: { opcode: number; fin: boolean; rsv: number },
  length: number,
  mask: Buffer | null,
): Buffer {
  const form = length <= MAX_7_BIT ? length : length <= MAX_16_BIT ? LENGTH_16 : LENGTH_64;
  const header = Buffer.alloc(lengthEnd(form));
  header[0] = (frame.fin ? FIN_BIT : 0) | (frame.rsv << 4) | frame.opcode;
  header[1] = (mask ? MASK_BIT : 0) | form;
  if (form === LENGTH_16) header.writeUInt16BE(length, 2);
  if (form === LENGTH_64) header.writeBigUInt64BE(BigInt(length), 2);
  return mask ? Buffer.concat([header, mask]) : header;
}

/** Returns the octets of a frame, masked if there is a `mask`. */
export function encodeFrame(frame: Frame, mask: Buffer | null): Buffer {
  const octets = Buffer.concat([encodeHeader(frame, frame.payload.length, mask), frame.payload]);
  if (mask) applyMask(octets.subarray(octets.length - frame.payload.length), mask);
  return octets;
}

/** Returns `octets` cut into chunks of `size` (the last one may be shorter). */
export function chop(octets: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < octets.length; at += size) chunks.push(octets.subarray(at, at + size));
  return chunks;
}

/**
 * Returns the frames of one message, cut into fragments of `size` octets (§5.4). A payload that fits stays one frame.
 * Otherwise, each frame has exactly `size` octets, except the last one, which has the rest. It is empty if `size`
 * divides the length. Only the first frame has the RSV bits.
 */
export function fragment(opcode: number, payload: Buffer, size: number, rsv = 0): Frame[] {
  if (size <= 0 || payload.length <= size) return [{ opcode, fin: true, rsv, payload }];
  const frames: Frame[] = [];
  let at = 0;
  for (; payload.length - at >= size; at += size) {
    const first = at === 0;
    frames.push({
      opcode: first ? opcode : Opcode.continuation,
      fin: false,
      rsv: first ? rsv : 0,
      payload: payload.subarray(at, at + size),
    });
  }
  frames.push({ opcode: Opcode.continuation, fin: true, rsv: 0, payload: payload.subarray(at) });
  return frames;
}

/** Receives what a {@link FrameReader} reads: a header, its payload in chunks as they arrive, and the end of the frame. */
export interface FrameSink {
  /** Called when two octets of a frame have arrived, and again for each later chunk up to the one that completes the header. */
  start(start: FrameStart): void;
  header(header: FrameHeader): void;
  /** Unmasked octets; never empty. */
  payload(octets: Buffer): void;
  end(): void;
}

/** Reads frames from chunks that were cut anywhere. It judges nothing. */
export class FrameReader {
  readonly #sink: FrameSink;
  #held: Buffer = Buffer.alloc(0);
  #current: FrameHeader | null = null;
  #seen = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Stops reading until {@link go}, even within the current chunk. */
  stop(): void {
    this.#stopped = true;
  }

  /** Continues to read after {@link stop}. */
  go(): void {
    this.#stopped = false;
    this.#read();
  }

  /** Reads a chunk, and unmasks it in place. */
  push(chunk: Buffer): void {
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#read();
  }

  #read(): void {
    while (!this.#stopped) {
      if (!(this.#current ? this.#consume(this.#current) : this.#begin())) return;
    }
  }

  /** Reads a header. Returns false when more octets must arrive first. */
  #begin(): boolean {
    if (this.#held.length < 2) return false;
    const start = decodeStart(this.#held);
    this.#sink.start(start);
    const end = lengthEnd(start.shortLength) + (start.masked ? MASK_OCTETS : 0);
    if (this.#held.length < end) return false;
    this.#current = decodeHeader(this.#held, start, end);
    this.#held = this.#held.subarray(end);
    this.#seen = 0;
    this.#sink.header(this.#current);
    return true;
  }

  /** Reads payload. Returns false when more octets must arrive first. */
  #consume(header: FrameHeader): boolean {
    const part = this.#held.subarray(0, header.length - this.#seen);
    if (part.length > 0) {
      if (header.mask) applyMask(part, header.mask, this.#seen);
      this.#held = this.#held.subarray(part.length);
      this.#seen += part.length;
      this.#sink.payload(part);
    }
    if (this.#seen === header.length) this.#finish();
    return this.#current === null || this.#held.length > 0;
  }

  #finish(): void {
    this.#current = null;
    this.#sink.end();
  }
}

const FIN_BIT = 0x80;
const MASK_BIT = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_7_BIT = 125;
const MAX_16_BIT = 65_535;
const MASK_OCTETS = 4;
const MASK_POOL_OCTETS = 16_384;

/** The number of octets up to the end of the length field. */
function lengthEnd(form: number): number {
  return form === LENGTH_64 ? 10 : form === LENGTH_16 ? 4 : 2;
}

function decodeStart(octets: Buffer): FrameStart {
  const first = octets.readUInt8(0);
  const second = octets.readUInt8(1);
  return {
    opcode: first & 0x0f,
    fin: (first & FIN_BIT) !== 0,
    rsv: (first >> 4) & 0x07,
    masked: (second & MASK_BIT) !== 0,
    shortLength: second & ~MASK_BIT,
  };
}

function decodeHeader(
  octets: Buffer,
  { opcode, fin, rsv, masked, shortLength }: FrameStart,
  end: number,
): FrameHeader {
  const length =
    shortLength === LENGTH_64
      ? Number(octets.readBigUInt64BE(2))
      : shortLength === LENGTH_16
        ? octets.readUInt16BE(2)
        : shortLength;
  return {
    opcode,
    fin,
    rsv,
    mask: masked ? Buffer.from(octets.subarray(end - MASK_OCTETS, end)) : null,
    length,
    shortest: shortLength < LENGTH_16 || length > (shortLength === LENGTH_16 ? MAX_7_BIT : MAX_16_BIT),
  };
}
