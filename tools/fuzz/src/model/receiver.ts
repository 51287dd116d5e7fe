// What a peer's bytes mean, by RFC 6455 §5. For simplicity, the receiver keeps all bytes after the last complete frame, and reads them
// again whenever more arrive.
import type { Breach } from './breach.ts';
import { readUtf8 } from './utf8.ts';

/** The options and agreements that decide how bytes are read. */
export interface Terms {
  /** The role of the reader (§5.1). */
  readonly role: 'client' | 'server';
  /** Whether an extension that uses RSV1 was negotiated (RFC 7692 §6). */
  readonly compression: boolean;
  /** Limits for a message: its bytes, and its fragments. 0 means no limit. */
  readonly maxPayload: number;
  readonly maxFragments: number;
  readonly skipUtf8: boolean;
}

/** What a frame, or the frames of a message, result in. */
export type Received =
  | { readonly kind: 'text' | 'binary'; readonly data: Uint8Array; readonly compressed: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly data: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: Uint8Array }
  | { readonly kind: 'breach'; readonly breach: Breach };

/** The part of a frame that has arrived. */
interface Arrived {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2or3: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly shortLength: number;
  /** What has arrived after the header. `undefined` until the header is complete. */
  readonly body: { readonly length: bigint; readonly payload: Uint8Array; readonly end: number } | undefined;
}

/** A message that is not complete. */
interface Fragments {
  readonly text: boolean;
  readonly compressed: boolean;
  readonly payloads: readonly Uint8Array[];
}

const isControl = (opcode: number): boolean => opcode >= 8;
const KNOWN_OPCODES = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];

export class Receiver {
  readonly #terms: Terms;
  #bytes: Uint8Array = new Uint8Array(0);
  #fragments: Fragments | undefined;
  #over = false;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  /** Takes more bytes, and returns what they complete. After a close frame or a breach, it reads nothing (§5.5.1, §7.1.7). */
  receive(bytes: Uint8Array): Received[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const received: Received[] = [];
    while (!this.#over) {
      const arrived = readFrame(this.#bytes);
      if (arrived === undefined) break;
      const breach = this.#breachOf(arrived);
      if (breach !== undefined) {
        received.push({ kind: 'breach', breach });
        this.#over = true;
        break;
      }
      const { body } = arrived;
      if (body === undefined || BigInt(body.payload.length) < body.length) break;
      this.#bytes = this.#bytes.subarray(body.end);
      const result = this.#take(arrived, body.payload);
      if (result === undefined) continue;
      received.push(result);
      this.#over = result.kind === 'close' || result.kind === 'breach';
    }
    return received;
  }

  /** The first rule that the arrived part of a frame breaks. */
  #breachOf(frame: Arrived): Breach | undefined {
    const { fin, rsv1, rsv2or3, opcode, masked, shortLength, body } = frame;
    const { role, compression } = this.#terms;
    if (rsv2or3) return 'reserved bit 2 or 3';
    // RFC 7692 §6: RSV1 is set on the first frame of a data message. The next check is whether the opcode is known.
    if (rsv1 && !(compression && opcode >= 1 && opcode <= 7)) return 'reserved bit 1';
    if (!KNOWN_OPCODES.includes(opcode)) return 'unknown opcode';
    if (isControl(opcode)) {
      if (!fin) return 'fragmented control frame';
      if (shortLength > 125) return 'long control frame';
      if (opcode === 8 && shortLength === 1) return 'incomplete close code';
    }
    if (role === 'server' && !masked) return 'frame without mask';
    if (role === 'client' && masked) return 'frame with mask';
    if (body === undefined || isControl(opcode)) return undefined;
    return this.#breachOfData(frame, body);
  }

  #breachOfData(
    { opcode, rsv1 }: Arrived,
    { length, payload }: NonNullable<Arrived['body']>,
  ): Breach | undefined {
    const { maxPayload, maxFragments, skipUtf8 } = this.#terms;
    const before = this.#fragments;
    if (length > BigInt(Number.MAX_SAFE_INTEGER)) return 'length above the safe integers';
    // The length of a single frame is checked before its position in the message.
    if (maxPayload > 0 && length > BigInt(maxPayload)) return 'message too long';
    if ((opcode === 0) !== (before !== undefined)) return 'fragment out of order';
    if (maxPayload > 0 && BigInt(sizeOf(before)) + length > BigInt(maxPayload)) return 'message too long';
    if (before !== undefined && maxFragments > 0 && before.payloads.length >= maxFragments)
      return 'too many fragments';
    const text = before?.text ?? opcode === 1;
    const compressed = before?.compressed ?? rsv1;
    if (!text || compressed || skipUtf8) return undefined;
    const reading = readUtf8(Buffer.concat([...(before?.payloads ?? []), payload]));
    return reading === 'invalid' ? 'invalid UTF-8' : undefined;
  }

  /** Takes a complete frame. It can still be invalid because of where its message ends, or as a close frame. */
  #take({ fin, rsv1, opcode }: Arrived, payload: Uint8Array): Received | undefined {
    if (opcode === 0x9) return { kind: 'ping', data: payload };
    if (opcode === 0xa) return { kind: 'pong', data: payload };
    if (opcode === 0x8) return this.#takeClose(payload);
    const before = this.#fragments ?? { text: opcode === 1, compressed: rsv1, payloads: [] };
    const message = { ...before, payloads: [...before.payloads, payload] };
    this.#fragments = fin ? undefined : message;
    if (!fin) return undefined;
    const { text, compressed } = message;
    const data = Buffer.concat(message.payloads);
    // §5.6: "a particular text frame might include a partial UTF-8 sequence; however, the whole message MUST contain valid UTF-8".
    if (text && !compressed && !this.#terms.skipUtf8 && readUtf8(data) !== 'whole') {
      return { kind: 'breach', breach: 'invalid UTF-8' };
    }
    return { kind: text ? 'text' : 'binary', data, compressed };
  }

  #takeClose(payload: Uint8Array): Received {
    if (payload.length === 0) return { kind: 'close', code: undefined, reason: payload };
    const code = Buffer.from(payload).readUInt16BE();
    const reason = payload.subarray(2);
    if (!mayBeOnTheWire(code)) return { kind: 'breach', breach: 'invalid close code' };
    if (!this.#terms.skipUtf8 && readUtf8(reason) !== 'whole')
      return { kind: 'breach', breach: 'invalid UTF-8' };
    return { kind: 'close', code, reason };
  }
}

function sizeOf(fragments: Fragments | undefined): number {
  return fragments?.payloads.reduce((sum, { length }) => sum + length, 0) ?? 0;
}

/** §7.4.1, §7.4.2 and the registry: 1000-2999 only if assigned, 1005, 1006 and 1015 never, 3000-4999 for applications. */
export function mayBeOnTheWire(code: number): boolean {
  const assigned = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  return assigned.includes(code) || (code >= 3000 && code <= 4999);
}

/** §5.2: the frame at the start of the bytes. Undefined until its first two bytes have arrived. */
export function readFrame(bytes: Uint8Array): Arrived | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const shortLength = second & 0x7f;
  const masked = second >= 0x80;
  const fields = {
    fin: first >= 0x80,
    rsv1: (first & 0x40) !== 0,
    rsv2or3: (first & 0x30) !== 0,
    opcode: first & 0x0f,
    masked,
    shortLength,
  };
  const lengthBytes = shortLength === 127 ? 8 : shortLength === 126 ? 2 : 0;
  const headerEnd = 2 + lengthBytes + (masked ? 4 : 0);
  if (bytes.length < headerEnd) return { ...fields, body: undefined };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length =
    lengthBytes === 8
      ? view.readBigUInt64BE(2)
      : BigInt(lengthBytes === 2 ? view.readUInt16BE(2) : shortLength);
  const key = view.subarray(headerEnd - 4, headerEnd);
  const end = BigInt(headerEnd) + length > BigInt(bytes.length) ? bytes.length : headerEnd + Number(length);
  // §5.3: octet i of the transformed data is octet i of the original data XOR octet i modulo 4 of the masking key.
  const body = view.subarray(headerEnd, end);
  const payload = masked ? body.map((byte, i) => byte ^ (key[i % 4] as number)) : body;
  return { ...fields, body: { length, payload, end } };
}
