/** Assembles received frames into messages, and checks the rules of RFC 6455 §5 and §8.1. */

import { CloseCode } from './close-codes.ts';
import { Opcode, RSV1 } from './frames.ts';
import { TextCheck } from './text-check.ts';
import type { FrameHeader, FrameSink, FrameStart } from './frames.ts';

/** Receives what a {@link MessageReader} reads. */
export interface MessageSink {
  /** A complete frame, legal or not. */
  frame(header: FrameHeader, payload: Buffer): void;
  /** A complete data message. `compressed` is true if RSV1 was set on its first frame. */
  message(opcode: number, payload: Buffer, compressed: boolean): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** The body of a Close frame. */
  peerClose(body: Buffer): void;
  /** The peer broke a rule, for which `code` is the close code. Called for every rule that a frame breaks. */
  violation(code: number, why: string): void;
}

/** What a {@link MessageReader} needs to know about the connection. */
export interface MessageRules {
  /** Whether frames must be masked: a client must mask its frames, a server must not (§5.1). */
  readonly masked: boolean;
  /** Whether permessage-deflate is in force, so that RSV1 may be set on the first frame of a data message. */
  readonly compression: boolean;
}

interface Rule {
  readonly broken: (start: FrameStart) => boolean;
  readonly why: string;
}

interface Message {
  readonly opcode: number;
  readonly compressed: boolean;
  readonly parts: Buffer[];
  /** Null if the message is binary, or compressed: then its text is checked after inflating. */
  readonly text: TextCheck | null;
}

/**
 * Assembles frames into messages. A frame that breaks rules is reported for each of them, because a second report ends the connection,
 * and then read like any other. After {@link discard}, no message is kept or delivered.
 */
export class MessageReader implements FrameSink {
  readonly #sink: MessageSink;
  readonly #rules: readonly Rule[];
  #header: FrameHeader | null = null;
  /** The payload of the current frame. */
  #parts: Buffer[] = [];
  #message: Message | null = null;
  #discarding = false;

  constructor(sink: MessageSink, rules: MessageRules) {
    this.#sink = sink;
    this.#rules = this.#rulesFor(rules);
  }

  discard(): void {
    this.#discarding = true;
    this.#message?.parts.splice(0);
  }

  start(start: FrameStart): void {
    for (const rule of this.#rules) {
      if (rule.broken(start)) this.#sink.violation(CloseCode.protocolError, rule.why);
    }
  }

  header(header: FrameHeader): void {
    if (!header.shortest) {
      this.#sink.violation(CloseCode.protocolError, 'the length is not in its shortest form');
    } else if (header.length >= LENGTH_LIMIT) {
      this.#sink.violation(CloseCode.protocolError, 'the most significant bit of the length is set');
    }
    this.#header = header;
    this.#parts = [];
    if (isControl(header.opcode) || this.#message) return;
    const compressed = (header.rsv & RSV1) !== 0;
    const text = header.opcode === Opcode.text && !compressed ? new TextCheck() : null;
    this.#message = { opcode: header.opcode, compressed, parts: [], text };
  }

  payload(octets: Buffer): void {
    const isData = this.#header !== null && !isControl(this.#header.opcode);
    if (isData && this.#message?.text?.add(octets) === false) this.#notText();
    if (!isData || !this.#discarding) this.#parts.push(octets);
  }

  end(): void {
    const header = this.#header;
    if (!header) return;
    const payload = joined(this.#parts);
    this.#sink.frame(header, payload);
    if (isControl(header.opcode)) this.#control(header.opcode, payload);
    else this.#fragment(header, payload);
  }

  #fragment(header: FrameHeader, payload: Buffer): void {
    const message = this.#message;
    if (!message) return;
    if (!this.#discarding) message.parts.push(payload);
    if (!header.fin) return;
    this.#message = null;
    if (message.text?.end() === false) this.#notText();
    if (!this.#discarding) this.#sink.message(message.opcode, joined(message.parts), message.compressed);
  }

  #notText(): void {
    this.#sink.violation(CloseCode.invalidPayload, 'a text message is not UTF-8');
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.ping) this.#sink.ping(payload);
    else if (opcode === Opcode.pong) this.#sink.pong(payload);
    else if (opcode === Opcode.close) this.#sink.peerClose(payload);
  }

  /** The rules that the first two octets of a frame can break. */
  #rulesFor({ masked, compression }: MessageRules): Rule[] {
    const known: readonly number[] = Object.values(Opcode);
    const isCompressed = (start: FrameStart) => compression && start.rsv === RSV1;
    return [
      { broken: (s) => s.rsv !== 0 && !isCompressed(s), why: 'a reserved bit is set' },
      {
        broken: (s) => s.masked !== masked,
        why: masked ? 'a frame is not masked' : 'a frame is masked',
      },
      { broken: (s) => isControl(s.opcode) && !s.fin, why: 'a control frame is fragmented' },
      {
        broken: (s) => isControl(s.opcode) && s.shortLength > 125,
        why: 'a control frame is longer than 125 octets',
      },
      { broken: (s) => !known.includes(s.opcode), why: 'the opcode is reserved' },
      {
        broken: (s) => s.opcode === Opcode.close && s.shortLength === 1,
        why: 'a Close frame has a body of one octet',
      },
      { broken: (s) => isControl(s.opcode) && isCompressed(s), why: 'a control frame is compressed' },
      {
        broken: (s) => s.opcode === Opcode.continuation && !this.#message,
        why: 'a continuation frame has nothing to continue',
      },
      {
        broken: (s) => !isControl(s.opcode) && s.opcode !== Opcode.continuation && this.#message !== null,
        why: 'a message begins inside another one',
      },
      {
        broken: (s) => !isControl(s.opcode) && isCompressed(s) && this.#message !== null,
        why: 'RSV1 is set inside a message',
      },
    ];
  }
}

/** A length of 64 bits must leave the most significant one unset (§5.2). */
const LENGTH_LIMIT = 2 ** 63;

function isControl(opcode: number): boolean {
  return (opcode & 0x08) !== 0;
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts;
  if (!first) return Buffer.alloc(0);
  return parts.length === 1 ? first : Buffer.concat(parts);
}
