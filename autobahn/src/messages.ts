/** Frames that arrive become messages here, and the rules of RFC 6455 §5 and §8.1 are checked on the way. */

import { TextDecoder } from 'node:util';
import { isUtf8 } from 'node:buffer';
import { CloseCode } from './close-codes.ts';
import { Opcode, RSV1 } from './frames.ts';
import type { FrameHeader, FrameSink } from './frames.ts';

/** Where a {@link MessageReader} puts what it has read. */
export interface MessageSink {
  /** Called with every header, whether the frame is legal or not, and its payload once that is complete. */
  frame(header: FrameHeader, payload: Buffer): void;
  /** A complete data message. `compressed` says that RSV1 was set on its first frame. */
  message(opcode: number, payload: Buffer, compressed: boolean): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** The body of a Close frame. */
  peerClose(body: Buffer): void;
  /** A rule was broken; `code` is the one to fail the connection with. Reading goes on. */
  violation(code: number, why: string): void;
}

/** What a {@link MessageReader} has to know of the connection. */
export interface MessageRules {
  /** Whether frames have to be masked: those of a client have to, those of a server must not be (§5.1). */
  readonly masked: boolean;
  /** Whether permessage-deflate is in force, so that RSV1 may be set on the first frame of a data message. */
  readonly compression: boolean;
}

interface Rule {
  readonly broken: (header: FrameHeader) => boolean;
  readonly why: string;
}

/** Puts frames together. After {@link discard} data messages are skipped instead of being kept. */
export class MessageReader implements FrameSink {
  readonly #sink: MessageSink;
  readonly #rules: readonly Rule[];
  #header: FrameHeader | null = null;
  #parts: Buffer[] = [];
  #message: { opcode: number; compressed: boolean; parts: Buffer[]; text: TextCheck | null } | null = null;
  #discarding = false;

  constructor(sink: MessageSink, rules: MessageRules) {
    this.#sink = sink;
    this.#rules = this.#rulesFor(rules);
  }

  discard(): void {
    this.#discarding = true;
    this.#message = null;
  }

  header(header: FrameHeader): void {
    this.#header = header;
    this.#parts = [];
    const broken = this.#rules.find((rule) => rule.broken(header));
    if (broken) this.#sink.violation(CloseCode.protocolError, broken.why);
    if (header.opcode === Opcode.text || header.opcode === Opcode.binary) this.#beginMessage(header);
  }

  payload(octets: Buffer): void {
    this.#parts.push(octets);
    if (this.#header && isControl(this.#header.opcode)) return;
    if (this.#message?.text?.add(octets) === false) this.#failText();
    if (this.#discarding) this.#parts = [];
  }

  end(): void {
    const header = this.#header;
    if (!header) return;
    const payload = joined(this.#parts);
    this.#sink.frame(header, payload);
    if (isControl(header.opcode)) this.#control(header.opcode, payload);
    else this.#fragment(header, payload);
  }

  #beginMessage(header: FrameHeader): void {
    if (this.#discarding) return;
    const compressed = (header.rsv & RSV1) !== 0;
    const text = header.opcode === Opcode.text && !compressed ? new TextCheck() : null;
    this.#message = { opcode: header.opcode, compressed, parts: [], text };
  }

  #fragment(header: FrameHeader, payload: Buffer): void {
    const message = this.#message;
    if (!message) return;
    message.parts.push(payload);
    if (!header.fin) return;
    this.#message = null;
    const whole = joined(message.parts);
    if (message.text?.end() === false) this.#failText();
    else this.#sink.message(message.opcode, whole, message.compressed);
  }

  #failText(): void {
    this.#message = null;
    this.#sink.violation(CloseCode.invalidPayload, 'a text message is not UTF-8');
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.ping) this.#sink.ping(payload);
    else if (opcode === Opcode.pong) this.#sink.pong(payload);
    else if (opcode === Opcode.close) this.#sink.peerClose(payload);
  }

  #rulesFor({ masked, compression }: MessageRules): Rule[] {
    const allowed = (header: FrameHeader): number =>
      compression && (header.opcode === Opcode.text || header.opcode === Opcode.binary) ? RSV1 : 0;
    const known: readonly number[] = Object.values(Opcode);
    return [
      { broken: (h) => (h.rsv & ~allowed(h)) !== 0, why: 'a reserved bit is set' },
      {
        broken: (h) => (h.mask !== null) !== masked,
        why: masked ? 'a frame is not masked' : 'a frame is masked',
      },
      { broken: (h) => isControl(h.opcode) && !h.fin, why: 'a control frame is fragmented' },
      {
        broken: (h) => isControl(h.opcode) && h.length > 125,
        why: 'a control frame is longer than 125 octets',
      },
      { broken: (h) => !known.includes(h.opcode), why: 'the opcode is reserved' },
      {
        broken: (h) => h.opcode === Opcode.close && h.length === 1,
        why: 'a Close frame has a body of one octet',
      },
      { broken: (h) => !h.shortest, why: 'the length is not in its shortest form' },
      {
        broken: (h) => h.opcode === Opcode.continuation && !this.#message && !this.#discarding,
        why: 'a continuation frame has nothing to continue',
      },
      {
        broken: (h) => (h.opcode === Opcode.text || h.opcode === Opcode.binary) && this.#message !== null,
        why: 'a message begins inside another one',
      },
    ];
  }
}

/** Checks text as it arrives: `false` means that it is not UTF-8. */
class TextCheck {
  #decoder: TextDecoder | null = null;

  add(octets: Buffer): boolean {
    // What begins and ends between two characters needs no decoder.
    if (!this.#decoder && isUtf8(octets)) return true;
    this.#decoder ??= new TextDecoder('utf-8', { fatal: true });
    return this.#decodes(octets, true);
  }

  end(): boolean {
    return !this.#decoder || this.#decodes(Buffer.alloc(0), false);
  }

  #decodes(octets: Buffer, stream: boolean): boolean {
    try {
      this.#decoder?.decode(octets, { stream });
      return true;
    } catch {
      return false;
    }
  }
}

function isControl(opcode: number): boolean {
  return (opcode & 0x08) !== 0;
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts;
  if (!first) return Buffer.alloc(0);
  return parts.length === 1 ? first : Buffer.concat(parts);
}
