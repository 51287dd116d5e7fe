// Data frames into messages: the order of fragments (RFC 6455 §5.4), the limits, and UTF-8 of text as it arrives (§8.1).
import { kernel } from '#kernels';
import type { Frame, PartialFrame } from './frame-decoder.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { isControl, Opcode, type DataOpcode } from './opcode.ts';
import { protocolError } from './protocol-error.ts';
import { isUtf8, Utf8Validator } from './utf8.ts';

/** A whole message. */
export interface Message {
  readonly opcode: DataOpcode;
  /** Whether its first frame had RSV1 set: `data` is what an extension made of it (RFC 7692 §6). */
  readonly compressed: boolean;
  /** The payload: that of the only frame, or a buffer of its own; a `Buffer` on Node. */
  readonly data: Uint8Array;
  /** The payload by fragments, as views of `data`; only with `keepFragments`. */
  readonly fragments?: readonly Uint8Array[];
}

/** The most fragments of one message while they are kept, where no other limit is given. */
const MAX_KEPT_FRAGMENTS = 16_384;

/** The limits and duties of a {@link MessageAssembler}. */
export interface MessageAssemblerOptions {
  /** The longest message, in bytes, judged by the frames' headers. Default 0: no limit. */
  readonly maxPayload?: number;
  /**
   * The most fragments of one message; 0 = no limit. Default: no limit, as memory is bounded by bytes anyway, but 16384 while
   * fragments are kept, as each of them is then an object of its own.
   */
  readonly maxFragments?: number | undefined;
  /** Takes text as it comes, without checking that it is UTF-8. Default false. */
  readonly skipUtf8Validation?: boolean;
}

/**
 * Puts the data frames of one connection together to messages.
 *
 * Give every data frame to {@link MessageAssembler.add}; control frames, which may come in between
 * (§5.4), are not its business. Give the decoder's partial frame to {@link MessageAssembler.preview} when a
 * chunk is used up, so that what is wrong with it is told at once.
 *
 * Fragments are copied together as they come: what a message holds is bounded by its bytes, however
 * finely it is cut.
 *
 * @example
 * ```ts
 * const assembler = new MessageAssembler({ maxPayload: 1024 * 1024 });
 * for (let frame; (frame = decoder.next()); ) {
 *   if (isControl(frame.opcode)) continue;
 *   const message = assembler.add(frame);
 *   if (message) console.log(message.opcode === Opcode.TEXT, message.data);
 * }
 * if (decoder.partial) assembler.preview(decoder.partial);
 * ```
 */
export class MessageAssembler {
  /** The longest message that is taken. */
  readonly #maxPayload: number;
  readonly #maxFragments: number | undefined;
  readonly #skipUtf8Validation: boolean;

  /** Whether messages come with their fragments: set it before a message begins. */
  keepFragments = false;

  /** The message of which fragments are still to come. */
  #message: MessageInProgress | undefined = undefined;
  /** Of the frame that is being previewed, how many bytes went through the validation of UTF-8. */
  #previewed: number | undefined = undefined;
  /** Made when the first text comes in parts. */
  #validator: Utf8Validator | undefined = undefined;

  constructor(options: MessageAssemblerOptions = {}) {
    const { maxPayload = 0 } = options;
    this.#maxPayload = maxPayload > 0 ? maxPayload : Infinity;
    this.#maxFragments = options.maxFragments;
    this.#skipUtf8Validation = options.skipUtf8Validation ?? false;
  }

  /** Whether all frames that were taken make whole messages. */
  get isBetweenMessages(): boolean {
    return this.#message === undefined && this.#previewed === undefined;
  }

  /**
   * Takes a data frame; returns the message that it completes, or undefined.
   *
   * @throws a `ProtocolError`: `WS_ERR_INVALID_OPCODE` for a fragment out of order,
   *   `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`, `WS_ERR_TOO_MANY_BUFFERED_PARTS`, `WS_ERR_INVALID_UTF8`.
   *   The assembler is of no use afterwards: the connection has to be failed (§7.1.7).
   */
  add(frame: Frame): Message | undefined {
    const isWhole = frame.fin && this.#message === undefined && this.#previewed === undefined;
    return isWhole ? this.#addWhole(frame) : this.#addPart(frame);
  }

  /**
   * Judges the frame of which only a part has arrived, and the bytes that are new since the last call.
   *
   * @throws as {@link MessageAssembler.add} would, only earlier: with the header, or the first impossible byte
   */
  preview(frame: PartialFrame): void {
    if (isControl(frame.opcode)) return;
    if (this.#previewed === undefined) this.#check(frame, frame.payloadLength);
    const { bytes, length } = frame.payload;
    if (this.#isPlainText(frame)) this.#validate(bytes, this.#previewed ?? 0, length);
    this.#previewed = length;
  }

  /** A message in one frame, by far the most frequent: nothing is copied or kept. */
  #addWhole(frame: Frame): Message {
    // Nothing else can be wrong with it before its text; which it is, is told as for any frame.
    if (frame.opcode === Opcode.CONTINUATION || frame.payload.length > this.#maxPayload) {
      this.#check(frame, frame.payload.length);
    }
    if (frame.ascii !== true && this.#isPlainText(frame) && !isUtf8(frame.payload)) {
      throw protocolError('INVALID_UTF8');
    }
    return this.#wholeMessage(frame);
  }

  /** A frame that is not all of its message, or of which a part was judged already. */
  #addPart(frame: Frame): Message | undefined {
    const validated = this.#previewed ?? 0;
    if (this.#previewed === undefined) this.#check(frame, frame.payload.length);
    this.#previewed = undefined;
    if (frame.fin && this.#message === undefined) {
      if (this.#isPlainText(frame)) this.#validateEnd(frame.payload, validated);
      return this.#wholeMessage(frame);
    }
    this.#message ??= new MessageInProgress(frame, this.keepFragments);
    return this.#addFragment(this.#message, frame, validated);
  }

  #wholeMessage({ opcode, payload: data, rsv1: compressed }: Frame): Message {
    const message = { opcode: opcode as DataOpcode, compressed, data };
    return this.keepFragments ? { ...message, fragments: [data] } : message;
  }

  #addFragment(message: MessageInProgress, frame: Frame, validated: number): Message | undefined {
    // As good as a limit: the engine cannot hold what would be the message.
    if (!message.append(frame, this.#maxPayload)) throw protocolError('UNSUPPORTED_MESSAGE_LENGTH');
    const checksText = this.#isPlainText(frame);
    if (!frame.fin) {
      if (checksText) this.#validate(frame.payload, validated, frame.payload.length);
      return undefined;
    }
    if (checksText) this.#validateEnd(frame.payload, validated);
    this.#message = undefined;
    return message.finish();
  }

  // The rules, in the order in which they are judged.

  #check(frame: Frame | PartialFrame, payloadLength: number): void {
    this.#checkOrder(frame.opcode);
    this.#checkLength(payloadLength);
    this.#checkFragments();
  }

  /** §5.4: a continuation continues something, and a message ends before the next begins. */
  #checkOrder(opcode: Opcode): void {
    if ((opcode === Opcode.CONTINUATION) !== (this.#message !== undefined)) {
      throw protocolError('INVALID_OPCODE', opcode);
    }
  }

  #checkLength(payloadLength: number): void {
    const length = (this.#message?.length ?? 0) + payloadLength;
    if (length > this.#maxPayload) throw protocolError('UNSUPPORTED_MESSAGE_LENGTH');
  }

  #checkFragments(): void {
    if (this.#message === undefined) return;
    const limit = this.#maxFragments ?? (this.keepFragments ? MAX_KEPT_FRAGMENTS : 0);
    if (limit > 0 && this.#message.count >= limit) {
      throw protocolError('TOO_MANY_FRAGMENTS');
    }
  }

  /** Whether the frame's bytes are text that can be read as it stands: compressed text is judged once it is inflated. */
  #isPlainText(frame: Frame | PartialFrame): boolean {
    if (this.#skipUtf8Validation) return false;
    const message = this.#message;
    if (message === undefined) return frame.opcode === Opcode.TEXT && !frame.rsv1;
    return message.opcode === Opcode.TEXT && !message.compressed;
  }

  #validate(bytes: Uint8Array, start: number, end: number): Utf8Validator {
    this.#validator ??= new Utf8Validator();
    if (!this.#validator.push(bytes, start, end)) throw protocolError('INVALID_UTF8');
    return this.#validator;
  }

  /** Validates the last bytes of a text. */
  #validateEnd(bytes: Uint8Array, start: number): void {
    if (!this.#validate(bytes, start, bytes.length).atBoundary) throw protocolError('INVALID_UTF8');
  }
}

/** A message of which the first fragments have come. */
class MessageInProgress {
  readonly opcode: DataOpcode;
  readonly compressed: boolean;
  /** How many fragments have come. */
  count = 0;
  readonly #gathered = new GrowingBuffer();
  /** Where each fragment ends. */
  readonly #ends: number[] | undefined;

  constructor(first: Frame, keepFragments: boolean) {
    this.opcode = first.opcode as DataOpcode;
    this.compressed = first.rsv1;
    this.#ends = keepFragments ? [] : undefined;
  }

  /** The bytes so far. */
  get length(): number {
    return this.#gathered.length;
  }

  /** Takes the next fragment's payload; false when there is no room for it. With the last one, the length is known. */
  append({ payload, fin }: Frame, limit: number): boolean {
    const announced = fin ? this.length + payload.length : undefined;
    if (!this.#gathered.reserve(payload.length, limit, announced)) return false;
    this.#gathered.bytes.set(payload, this.#gathered.length);
    this.#gathered.length += payload.length;
    this.#ends?.push(this.#gathered.length);
    this.count++;
    return true;
  }

  finish(): Message {
    const { opcode, compressed } = this;
    const data = this.#gathered.content();
    if (this.#ends === undefined) return { opcode, compressed, data };
    let start = 0;
    const fragments = this.#ends.map((end) => kernel.view(data, start, (start = end)));
    return { opcode, compressed, data, fragments };
  }
}
