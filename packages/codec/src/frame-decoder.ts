// Bytes into frames (RFC 6455 §5.2): a pull decoder for either role.
import { Chunk, NO_CHUNK } from './chunk.ts';
import { CloseCode } from './close-code.ts';
import type { Frame, PartialFrame } from './frame.ts';
import { FIN, headerSize, MASK, MAX_HEADER_SIZE, OPCODE, readPayloadLength, RSV1 } from './frame-header.ts';
import { FrameInProgress } from './frame-in-progress.ts';
import { checkFirstBytes, checkLongPayload } from './frame-rules.ts';
import { readMaskingKey, type MaskingKey } from './masking.ts';
import { Opcode } from './opcode.ts';
import { protocolError } from './protocol-error.ts';

/** How a {@link FrameDecoder} reads. */
export interface FrameDecoderOptions {
  /** Which end is reading. A server rejects unmasked frames, and a client rejects masked ones (§5.1). */
  readonly role: 'client' | 'server';
  /** Whether an extension that uses RSV1 was negotiated (RFC 7692 §6). Default false. */
  readonly allowRsv1?: boolean;
  /** The longest payload of one data frame, in bytes, checked when its header arrives. Default 0: no limit. */
  readonly maxPayload?: number;
  /** In how many chunks one frame may arrive. Default 0: no limit, because `maxPayload` already limits memory. */
  readonly maxBufferedChunks?: number;
}

const { MAX_SAFE_INTEGER } = Number;

/**
 * Reads frames from bytes in chunks of any size: {@link FrameDecoder.push} a chunk, then call {@link FrameDecoder.next} until it
 * returns `undefined`. To pause, stop calling it.
 *
 * A chunk belongs to the decoder from `push` on. A frame that one chunk contains is unmasked in place and returned as a view. A frame that
 * arrives in several chunks is copied into one buffer.
 *
 * The order of fragments (§5.4), the length of a message and UTF-8 are left to the `MessageAssembler`.
 *
 * @example
 * ```ts
 * const decoder = new FrameDecoder({ role: 'server' });
 * decoder.push(chunk);
 * for (let frame; (frame = decoder.next()); ) console.log(frame.opcode, frame.payload);
 * ```
 */
export class FrameDecoder {
  /** The MASK bit that every frame must have. */
  readonly #mask: number;
  readonly #allowRsv1: boolean;
  /** Without a limit, the largest exact integer. */
  readonly #maxPayload: number;
  readonly #maxBufferedChunks: number;

  /** The chunk being read, and the offset of its first unread byte. */
  #chunk = NO_CHUNK;
  #offset = 0;
  /** Chunks that wait until the current one is read. Those before index `#waitingFrom` have been read. Never an empty list. */
  #waiting: Uint8Array[] | undefined = undefined;
  #waitingFrom = 0;
  /** A header of which the first `#cutLength` bytes arrived in earlier chunks. */
  #cut: Uint8Array | undefined = undefined;
  #cutLength = 0;
  #partial: FrameInProgress | undefined = undefined;
  #error: Error | undefined = undefined;

  constructor(options: FrameDecoderOptions) {
    this.#mask = options.role === 'server' ? MASK : 0;
    this.#allowRsv1 = options.allowRsv1 ?? false;
    const { maxPayload = 0 } = options;
    this.#maxPayload = maxPayload > 0 ? Math.min(maxPayload, MAX_SAFE_INTEGER) : MAX_SAFE_INTEGER;
    this.#maxBufferedChunks = options.maxBufferedChunks ?? 0;
  }

  /** After `next()` has returned `undefined`: the frame whose header has arrived, but not its whole payload. */
  get partial(): PartialFrame | undefined {
    return this.#partial;
  }

  /** Whether the decoder is in its initial state: every byte belonged to a frame that was returned. */
  get isBetweenFrames(): boolean {
    return (
      this.#chunk === NO_CHUNK &&
      this.#cutLength === 0 &&
      this.#partial === undefined &&
      this.#error === undefined
    );
  }

  /**
   * Takes the next bytes of the stream, which the decoder may change from now on. `next()` reads chunks in order. After an error
   * they are dropped.
   */
  push(chunk: Uint8Array): void {
    if (this.#error !== undefined) return;
    if (this.#offset < this.#chunk.bytes.length || this.#waiting !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push(chunk);
    } else this.#read(new Chunk(chunk, this.#mask !== 0));
  }

  /** Replaces the current chunk with the next one. */
  #read(chunk: Chunk): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /**
   * Returns the next frame, or `undefined` when more bytes are needed.
   *
   * @throws a `ProtocolError` when the bytes break a rule of §5.1, §5.2 or §5.5 or a limit:
   *   `WS_ERR_UNEXPECTED_RSV_1`, `WS_ERR_UNEXPECTED_RSV_2_3`, `WS_ERR_INVALID_OPCODE`, `WS_ERR_EXPECTED_FIN`,
   *   `WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH`, `WS_ERR_EXPECTED_MASK`, `WS_ERR_UNEXPECTED_MASK`,
   *   `WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH`, `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`,
   *   `WS_ERR_TOO_MANY_BUFFERED_PARTS`.
   * @throws TypeError when the memory of a chunk was detached while frames in it were unread.
   *
   * After an error every call throws the same error, and the decoder holds no bytes.
   */
  next(): Frame | undefined {
    if (this.#error !== undefined) throw this.#error;
    for (;;) {
      const frame = this.#partial === undefined ? this.#readFrame() : this.#readPayload(this.#partial);
      if (frame !== undefined) return frame;
      if (!this.#takeWaiting()) return undefined;
    }
  }

  /** Continues with the next waiting chunk. Without one, drops the chunk that was read, and returns false. */
  #takeWaiting(): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#read(NO_CHUNK);
      return false;
    }
    this.#read(new Chunk(waiting[this.#waitingFrom] as Uint8Array, this.#mask !== 0));
    waiting[this.#waitingFrom++] = NO_CHUNK.bytes;
    // With this condition, each chunk is moved once on average, and the list does not grow with the chunks that were read.
    if (this.#waitingFrom * 2 >= waiting.length) {
      waiting.splice(0, this.#waitingFrom);
      this.#waitingFrom = 0;
      if (waiting.length === 0) this.#waiting = undefined;
    }
    return true;
  }

  #readFrame(): Frame | undefined {
    const chunk = this.#chunk.bytes;
    const offset = this.#offset;
    const available = chunk.length - offset;
    if (available < 2 || this.#cutLength > 0) return this.#readCutHeader();
    const first = chunk[offset] as number;
    const second = chunk[offset + 1] as number;
    // One comparison for all rules, because nearly all frames break none. The benchmark scenario `echo-64x16` shows the difference.
    if ((first & ~FIN) > Opcode.BINARY || (second & MASK) !== this.#mask) {
      this.#checkFirstBytes(first, second);
    }
    const size = headerSize(second);
    if (available < size) return this.#readCutHeader();
    this.#offset = offset + size;
    return this.#startPayload(chunk, offset, size);
  }

  /** Gathers a header that arrives in several chunks. */
  #readCutHeader(): Frame | undefined {
    const { bytes, length } = this.#chunk;
    if (this.#offset >= bytes.length) {
      if (this.#offset < length) this.#failDetached();
      return undefined;
    }
    const cut = (this.#cut ??= new Uint8Array(MAX_HEADER_SIZE));
    while (this.#offset < bytes.length) {
      cut[this.#cutLength++] = bytes[this.#offset++] as number;
      if (this.#cutLength < 2) continue;
      const second = cut[1] as number;
      if (this.#cutLength === 2) this.#checkFirstBytes(cut[0] as number, second);
      const size = headerSize(second);
      if (this.#cutLength === size) {
        this.#cutLength = 0;
        return this.#startPayload(cut, 0, size);
      }
    }
    return undefined;
  }

  /** Reads on after the header, which is complete in `bytes` at `offset`. */
  #startPayload(bytes: Uint8Array, offset: number, size: number): Frame | undefined {
    const first = bytes[offset] as number;
    const length = readPayloadLength(bytes, offset);
    if (length > this.#maxPayload) this.#checkLongPayload(first & OPCODE, length);
    const key = this.#mask === 0 ? 0 : readMaskingKey(bytes, offset + size - 4);
    const start = this.#offset;
    const end = start + length;
    const chunk = this.#chunk;
    if (end > chunk.bytes.length) return this.#startPartial(first, length, key);
    this.#offset = end;
    return {
      fin: (first & FIN) !== 0,
      rsv1: (first & RSV1) !== 0,
      opcode: (first & OPCODE) as Opcode,
      ascii: key !== 0 && chunk.unmask(start, end, key),
      payload: chunk.view(start, end),
    };
  }

  /** Starts a frame that ends in a later chunk. */
  #startPartial(first: number, length: number, key: MaskingKey): Frame | undefined {
    const opcode = (first & OPCODE) as Opcode;
    this.#partial = new FrameInProgress((first & FIN) !== 0, (first & RSV1) !== 0, opcode, length, key);
    return this.#readPayload(this.#partial);
  }

  /** Reads the part of a frame that the chunk contains. The frame started in this chunk or an earlier one. */
  #readPayload(frame: FrameInProgress): Frame | undefined {
    const { bytes } = this.#chunk;
    const start = this.#offset;
    const end = Math.min(bytes.length, start + frame.payloadLength - frame.payload.length);
    if (end > start) {
      // If the engine has no memory for the frame, fail as for a frame above a limit.
      if (!frame.append(bytes, start, end)) this.#fail(protocolError('UNSUPPORTED_MESSAGE_LENGTH'));
      this.#offset = end;
      this.#checkChunks(frame.chunks);
    }
    if (frame.payload.length < frame.payloadLength) return undefined;
    this.#partial = undefined;
    const { fin, rsv1, opcode } = frame;
    return { fin, rsv1, opcode, ascii: false, payload: frame.payload.content() };
  }

  // The rules.

  #checkFirstBytes(first: number, second: number): void {
    const error = checkFirstBytes(first, second, this.#mask, this.#allowRsv1);
    if (error !== undefined) this.#fail(error);
  }

  #checkLongPayload(opcode: number, length: number): void {
    const error = checkLongPayload(opcode, length);
    if (error !== undefined) this.#fail(error);
  }

  #checkChunks(chunks: number): void {
    if (this.#maxBufferedChunks > 0 && chunks > this.#maxBufferedChunks)
      this.#fail(protocolError('TOO_MANY_CHUNKS'));
  }

  /** The caller has detached memory that contains unread frames. They must not be lost silently. */
  #failDetached(): never {
    const error = new TypeError('The memory of a chunk was detached while frames in it were unread');
    this.#fail(Object.assign(error, { closeCode: CloseCode.INTERNAL_ERROR }));
  }

  /** Nothing is read after an error, so nothing is held either. */
  #fail(error: Error): never {
    this.#error = error;
    this.#read(NO_CHUNK);
    this.#waiting = undefined;
    this.#partial = undefined;
    throw error;
  }
}
