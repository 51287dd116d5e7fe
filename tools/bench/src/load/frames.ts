// The load generator's own frame encoder, which prepares the messages. It is independent of the measured libraries.
import { deflateRawSync, constants } from 'node:zlib';
import type { Payload, Scenario } from '../plan.ts';

/**
 * The load generator sends different messages in turns. Together, they are much longer than the 32 KiB window of a compressor. So with
 * context takeover, the window contains similar messages, but never the same one. A few large messages are enough to exceed the window.
 */
const MOST_VARIANTS = 512;
const BYTES_OF_VARIANTS = 1024 * 1024;

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8 } as const;
const FIN = 0x80;
const RSV1 = 0x40;
const MASKED = 0x80;
/** The code 1000, as in a close frame. */
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** A message, and its bytes on the wire. */
export interface Prepared {
  readonly payload: Buffer;
  readonly wire: Buffer;
}

/** The messages that take turns. */
export function prepareMessages(scenario: Scenario): Prepared[] {
  const count = Math.min(
    MOST_VARIANTS,
    Math.max(1, Math.floor(BYTES_OF_VARIANTS / Math.max(1, scenario.size))),
  );
  return Array.from({ length: count }, (_, number) => {
    const payload = makePayload(scenario, number);
    return { payload, wire: messageOnWire(scenario, payload) };
  });
}

/** A client's close frame with code 1000, masked. */
export function closeFrame(): Buffer {
  return maskedFrame(FIN | OPCODE.close, NORMAL_CLOSURE);
}

/** The server's answer to {@link closeFrame}. */
export function serverCloseFrame(): Buffer {
  return serverFrame(FIN | OPCODE.close, NORMAL_CLOSURE);
}

/** A text frame as a server sends it. */
export function serverTextFrame(text: string): Buffer {
  return serverFrame(FIN | OPCODE.text, Buffer.from(text));
}

function makePayload({ payload, size }: Scenario, number: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (payload === 'binary') {
    // A cheap pseudo-random sequence.
    let state = number + 1;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[i] = state >>> 24;
    }
    return bytes;
  }
  const text = payload === 'json' ? json(number, size) : words(payload, number, size);
  const written = bytes.write(text);
  // Fills the bytes into which the next character did not fit.
  return bytes.fill(' ', written);
}

/** The kind of text that applications send: records with repeating names and differing values. */
function json(number: number, size: number): string {
  let text = '[';
  for (let i = 0; text.length < size; i++) {
    const id = number * 1000 + i;
    text += `{"id":${id},"name":"user ${(id * 7919) % 1009}","online":${id % 3 === 0},"score":${((id * 104_729) % 99_991) / 100}},`;
  }
  return text.slice(0, size);
}

function words(payload: Payload, number: number, size: number): string {
  const phrase = payload === 'ascii' ? `message ${number} from here; ` : `Grüße ${number} из 東京 🌍; `;
  return phrase.repeat(Math.ceil(size / phrase.length));
}

function messageOnWire(scenario: Scenario, payload: Buffer): Buffer {
  const opcode = scenario.payload === 'binary' ? OPCODE.binary : OPCODE.text;
  const data = scenario.compression ? compress(payload) : payload;
  const first = scenario.compression ? opcode | RSV1 : opcode;
  const parts = scenario.fragments ?? 1;
  const step = Math.ceil(data.length / parts);
  const frames = Array.from({ length: parts }, (_, i) => {
    const last = i === parts - 1 ? FIN : 0;
    return maskedFrame(
      (i === 0 ? first : OPCODE.continuation) | last,
      data.subarray(i * step, (i + 1) * step),
    );
  });
  return Buffer.concat(frames);
}

/** RFC 7692 §7.2.1: compressed without context takeover, and without the empty block at its end. */
function compress(payload: Buffer): Buffer {
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** The first bytes of a frame (RFC 6455 §5.2), without a masking key. */
function header(first: number, length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([first, mask | length]);
  const bytes = Buffer.alloc(length < 65_536 ? 4 : 10);
  bytes[0] = first;
  bytes[1] = mask | (length < 65_536 ? 126 : 127);
  if (length < 65_536) bytes.writeUInt16BE(length, 2);
  else bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

function serverFrame(first: number, payload: Buffer): Buffer {
  return Buffer.concat([header(first, payload.length, 0), payload]);
}

function maskedFrame(first: number, payload: Buffer): Buffer {
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] = (masked[i] ?? 0) ^ (key[i & 3] ?? 0);
  return Buffer.concat([header(first, payload.length, MASKED), key, masked]);
}
