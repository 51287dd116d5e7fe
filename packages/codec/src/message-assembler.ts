// Data frames into messages: the order of fragments (RFC 6455 §5.4), limits, and UTF-8 as it arrives (§8.1).
import { kernel } from '#kernels';
import type { Frame, PartialFrame } from './frame.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { isControl, Opcode, type DataOpcode } from './opcode.ts';
import { protocolError } from './protocol-error.ts';
import { isUtf8, Utf8Validator } from './utf8.ts';

/** A whole message. */
export interface Message {
  readonly opcode: DataOpcode;
  /** Whether the first frame had RSV1 set, so that an extension must restore `data` (RFC 7692 §6). */
  readonly compressed: boolean;
  /** The payload of the only frame, or a new buffer. A `Buffer` on Node. */
  readonly data: Uint8Array;
  /** The fragments, as views of `data`. Only with `keepFragments`. */
  readonly fragments?: readonly Uint8Array[];
}

/** How many fragments a message may have with `keepFragments`, if there is no other limit. */
const MAX_KEPT_FRAGMENTS = 16_384;

/** How a {@link MessageAssembler} works. */
export interface MessageAssemblerOptions {
  /** The longest message, in bytes, checked when the header of each frame arrives. Default 0: no limit. */
  readonly maxPayload?: number;
  /**
   * How many fragments a message may have; 0 = no limit. Default: no limit, because `maxPayload` already limits memory. With
   * `keepFragments`, where each fragment is an object of its own, the default is 16384.
   */
  readonly maxFragments?: number | undefined;
  /** Whether to accept text without checking that it is UTF-8. Default false. */
  readonly skipUtf8Validation?: boolean;
}

/**
 * Assembles the data frames of one connection into messages.
 *
 * Pass every data frame to {@link MessageAssembler.add}, but no control frames. After each chunk, pass the partial frame of the decoder
 * to {@link MessageAssembler.preview}, so that an error in it is found immediately.
 *
 * Fragments are copied into one buffer as they arrive. The memory for a message is bounded by its bytes, not by the number of its
 * fragments.
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
  /** The longest message that is accepted. */
  readonly #maxPayload: number;
  readonly #maxFragments: number | undefined;
  readonly #skipUtf8Validation: boolean;

  /** Whether messages come with their fragments. Set this between messages. */
  keepFragments = false;

  /** The message whose last fragment has not arrived. */
  #message: MessageInProgress | undefined = undefined;
  /** How many bytes of the previewed frame have been checked. */
  #previewed: number | undefined = undefined;
  /** Created for the first text that arrives in parts. */
  #validator: Utf8Validator | undefined = undefined;

  constructor(options: MessageAssemblerOptions = {}) {
    const { maxPayload = 0 } = options;
    this.#maxPayload = maxPayload > 0 ? maxPayload : Infinity;
    this.#maxFragments = options.maxFragments;
    this.#skipUtf8Validation = options.skipUtf8Validation ?? false;
  }

  /** Whether the next frame starts a message. */
  get isBetweenMessages(): boolean {
    return this.#message === undefined && this.#previewed === undefined;
  }

  /**
   * Takes a data frame. Returns the message that it completes, or `undefined`.
   *
   * @throws a `ProtocolError`: `WS_ERR_INVALID_OPCODE` for a fragment out of order,
   *   `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`, `WS_ERR_TOO_MANY_BUFFERED_PARTS`, `WS_ERR_INVALID_UTF8`.
   *   The assembler cannot be used afterwards. Fail the connection (§7.1.7).
   */
  add(frame: Frame): Message | undefined {
    const isWhole = frame.fin && this.#message === undefined && this.#previewed === undefined;
    return isWhole ? this.#addWhole(frame) : this.#addPart(frame);
  }

  /**
   * Checks a frame that has not arrived completely: its header, and the bytes that have arrived since the last call.
   *
   * @throws like {@link MessageAssembler.add}, but earlier: at the header, or at the first invalid byte
   */
  preview(frame: PartialFrame): void {
    if (isControl(frame.opcode)) return;
    if (this.#previewed === undefined) this.#check(frame, frame.payloadLength);
    const { bytes, length } = frame.payload;
    if (this.#isPlainText(frame)) this.#validate(bytes, this.#previewed ?? 0, length);
    this.#previewed = length;
  }

  /** Takes a message in one frame, by far the most frequent case. Nothing is copied or kept. */
  #addWhole(frame: Frame): Message {
    // Only these two rules of `#check()` can be broken here.
    if (frame.opcode === Opcode.CONTINUATION || frame.payload.length > this.#maxPayload) {
      this.#check(frame, frame.payload.length);
    }
    if (frame.ascii !== true && this.#isPlainText(frame) && !isUtf8(frame.payload)) {
      throw protocolError('INVALID_UTF8');
    }
    return this.#wholeMessage(frame);
  }

  /** Takes a fragment, or a frame that was previewed. */
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
    // If the engine has no memory for the message, fail as for a message above a limit.
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

  // The rules, in the order in which they are checked.

  #check(frame: Frame | PartialFrame, payloadLength: number): void {
    this.#checkOrder(frame.opcode);
    this.#checkLength(payloadLength);
    this.#checkFragments();
  }

  /** §5.4: a continuation must continue a message, and a message must end before the next one starts. */
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

  /** Whether the frame contains uncompressed text. Compressed text is validated after it is inflated. */
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

/** A message whose first fragments have arrived. */
class MessageInProgress {
  readonly opcode: DataOpcode;
  readonly compressed: boolean;
  /** How many fragments have arrived. */
  count = 0;
  readonly #gathered = new GrowingBuffer();
  /** The offset after each fragment. */
  readonly #ends: number[] | undefined;

  constructor(first: Frame, keepFragments: boolean) {
    this.opcode = first.opcode as DataOpcode;
    this.compressed = first.rsv1;
    this.#ends = keepFragments ? [] : undefined;
  }

  /** The length so far, in bytes. */
  get length(): number {
    return this.#gathered.length;
  }

  /** Appends the payload of a fragment. Returns false if there is no memory for it. */
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
