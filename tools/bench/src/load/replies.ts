// Reads replies: a decoder for the reply that is checked in full before the measurement, and a counter that only reads headers during it.
import { constants, inflateRawSync } from 'node:zlib';

const FIN = 0x80;
const RSV1 = 0x40;
const OPCODE = 0x0f;
const CONTROL = 0x08;
const PING = 0x09;
const PONG = 0x0a;
const MASKED = 0x80;

/** The longest header: 2 bytes, 8 of length, 4 of the masking key. */
const LONGEST_HEADER = 14;

/** Counts messages in a stream of frames, masked or not, without reading their payloads. */
export class MessageCounter {
  /** Bytes of the current payload that have not arrived yet. */
  #skip = 0;
  /** Whether the current payload ends a message. */
  #ends = false;
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #have = 0;

  /** How many messages end in this chunk. */
  push(chunk: Buffer): number {
    let messages = 0;
    let at = 0;
    for (;;) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        at += step;
        this.#skip -= step;
        if (this.#skip > 0) return messages;
        if (this.#ends) messages++;
      }
      if (at === chunk.length) return messages;
      // Complete headers, the usual case, and cut headers are read in the same way: their few bytes are copied.
      while (!this.#complete()) {
        if (at === chunk.length) return messages;
        this.#header[this.#have++] = chunk[at++] ?? 0;
      }
      if (this.#begin()) messages++;
    }
  }

  #complete(): boolean {
    return this.#have >= 2 && this.#have === headerLength(this.#header);
  }

  /** Reads the complete header. Returns whether a message ends with it, because its payload is empty. */
  #begin(): boolean {
    const first = this.#header[0] ?? 0;
    this.#skip = payloadLength(this.#header);
    this.#ends = (first & FIN) !== 0 && (first & CONTROL) === 0;
    this.#have = 0;
    return this.#skip === 0 && this.#ends;
  }
}

/** Whether the first frame is masked. */
export function isMasked(frame: Buffer): boolean {
  return ((frame[1] ?? 0) & MASKED) !== 0;
}

/** The payload of the first message in these bytes, unmasked and inflated. */
export function decodeMessage(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let compressed = false;
  let at = 0;
  for (;;) {
    const frame = bytes.subarray(at);
    const first = frame[0] ?? 0;
    const begin = headerLength(frame);
    const end = begin + payloadLength(frame);
    if ((first & OPCODE) < CONTROL) {
      if ((first & RSV1) !== 0) compressed = true;
      parts.push(unmasked(frame, begin, end));
      if ((first & FIN) !== 0) break;
    }
    at += end;
  }
  const payload = Buffer.concat(parts);
  return compressed ? inflate(payload) : payload;
}

/** RFC 7692 §7.2.2: appends the empty block that the sender left out. */
function inflate(payload: Buffer): Buffer {
  const whole = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
}

function unmasked(frame: Buffer, begin: number, end: number): Buffer {
  const payload = Buffer.from(frame.subarray(begin, end));
  if (!isMasked(frame)) return payload;
  for (let i = 0; i < payload.length; i++) {
    payload[i] = (payload[i] ?? 0) ^ (frame[begin - 4 + (i & 3)] ?? 0);
  }
  return payload;
}

/** The length of the first frame in these bytes; `Infinity` if its header is incomplete. */
export function frameLength(bytes: Buffer): number {
  if (bytes.length < 2 || bytes.length < headerLength(bytes)) return Infinity;
  return headerLength(bytes) + payloadLength(bytes);
}

/** The answer to a ping of a server, masked with zeros; undefined for any other frame. */
export function pongTo(frame: Buffer): Buffer | undefined {
  if (((frame[0] ?? 0) & OPCODE) !== PING) return undefined;
  const payload = frame.subarray(2);
  return Buffer.concat([Buffer.from([FIN | PONG, MASKED | payload.length, 0, 0, 0, 0]), payload]);
}

function headerLength(header: Buffer): number {
  const second = header[1] ?? 0;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & MASKED) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  if (length === 127) return Number(header.readBigUInt64BE(2));
  return length;
}
