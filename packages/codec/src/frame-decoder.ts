// Bytes into frames (RFC 6455 §5.2): a pull decoder for either role, and the rules of §5 that a header can break.
import { Chunk, NO_CHUNK } from './chunk.ts';
import { CloseCode } from './close-code.ts';
import {
  FIN,
  headerSize,
  LENGTH,
  MASK,
  MAX_HEADER_SIZE,
  MAX_LENGTH_7,
  OPCODE,
  readPayloadLength,
  RSV1,
  RSV2_RSV3,
} from './frame-header.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { copyMasked, readMaskingKey, rotateMaskingKey, type MaskingKey } from './masking.ts';
import { isControl, isOpcode, Opcode } from './opcode.ts';
import { protocolError, type ProtocolRule } from './protocol-error.ts';

/** A frame, unmasked. */
export interface Frame {
  /** Whether it is the last of its message. */
  readonly fin: boolean;
  /** Whether an extension's bit is set: on the first frame of a compressed message (RFC 7692 §6). */
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  /** Whether unmasking has shown that all of the payload is ASCII, so that text need not be validated; false says nothing. */
  readonly ascii?: boolean;
  /** A view of the chunk that held the whole frame, or a buffer of its own; a `Buffer` on Node. */
  readonly payload: Uint8Array;
}

/** The frame of which a part has arrived: {@link FrameDecoder.partial}. */
export interface PartialFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  /** The length of the whole payload, in bytes. */
  readonly payloadLength: number;
  /** The payload so far, unmasked: the first `length` of `bytes`. Both change with the next chunk. */
  readonly payload: { readonly bytes: Uint8Array; readonly length: number };
}

/** How a {@link FrameDecoder} is to read. */
export interface FrameDecoderOptions {
  /** Who is reading: a server wants every frame masked, a client none (§5.1). */
  readonly role: 'client' | 'server';
  /** Whether an extension that uses RSV1 was negotiated (RFC 7692 §6). Default false. */
  readonly allowRsv1?: boolean;
  /** The longest payload of one data frame, in bytes, judged by the header. Default 0: no limit. */
  readonly maxPayload?: number;
  /** The most chunks that one frame may arrive in. Default 0: no limit, as memory is bounded by bytes anyway. */
  readonly maxBufferedChunks?: number;
}

const { MAX_SAFE_INTEGER } = Number;

/**
 * Reads frames from bytes in chunks of any size: {@link FrameDecoder.push} a chunk, then call
 * {@link FrameDecoder.next} until it returns undefined. Stopping in between is how a reader pauses.
 *
 * A frame that lies whole in a chunk is unmasked there and handed out as a view: the chunk belongs to the
 * decoder from `push` on. A frame cut by chunks is unmasked while it is copied together, so what is held is
 * at most a small multiple of what has arrived.
 *
 * The order of fragments (§5.4), the length of a message and UTF-8 are the `MessageAssembler`'s.
 *
 * @example
 * ```ts
 * const decoder = new FrameDecoder({ role: 'server' });
 * decoder.push(chunk);
 * for (let frame; (frame = decoder.next()); ) console.log(frame.opcode, frame.payload);
 * ```
 */
export class FrameDecoder {
  /** The MASK bit of the frames that are wanted. */
  readonly #mask: number;
  readonly #allowRsv1: boolean;
  /** The longest payload that is taken: as far as integers are exact where there is no limit. */
  readonly #maxPayload: number;
  readonly #maxBufferedChunks: number;

  /** The chunk being read, and how far. */
  #chunk = NO_CHUNK;
  #offset = 0;
  /** Chunks that were pushed before this one was read to its end, from `#waitingFrom` on; never empty. */
  #waiting: Chunk[] | undefined = undefined;
  #waitingFrom = 0;
  /** A header of which the first `#cutLength` bytes have arrived in chunks before this one. */
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

  /** The frame whose header has arrived and whose payload has not, once `next()` has returned undefined. */
  get partial(): PartialFrame | undefined {
    return this.#partial;
  }

  /** Whether all bytes have been read and end with a frame: the decoder is as it was when it was made. */
  get isBetweenFrames(): boolean {
    return (
      this.#chunk === NO_CHUNK &&
      this.#cutLength === 0 &&
      this.#partial === undefined &&
      this.#error === undefined
    );
  }

  /**
   * Takes the next bytes of the stream, which the decoder may change from now on. Chunks may wait until
   * `next()` gets to them; behind an error they are dropped.
   *
   * @param isOnlyUse Whether the chunk is all of its memory, and nothing else uses that. Then, from Node 22 on, the decoder detaches
   *   the memory as soon as every payload in it has been copied, and it is free before the next collection of garbage. Default false.
   */
  push(chunk: Uint8Array, isOnlyUse = false): void {
    if (this.#error !== undefined) return;
    const taken = new Chunk(chunk, this.#mask !== 0, isOnlyUse);
    if (this.#offset < this.#chunk.bytes.length || this.#waiting !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push(taken);
    } else this.#take(taken);
  }

  /** Begins to read a chunk, after the one that was read. */
  #take(chunk: Chunk): void {
    this.#chunk.end();
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /**
   * The next frame, or undefined when more bytes are needed.
   *
   * @throws a `ProtocolError` when the bytes break a rule of §5.1, §5.2 or §5.5 or a limit:
   *   `WS_ERR_UNEXPECTED_RSV_1`, `WS_ERR_UNEXPECTED_RSV_2_3`, `WS_ERR_INVALID_OPCODE`, `WS_ERR_EXPECTED_FIN`,
   *   `WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH`, `WS_ERR_EXPECTED_MASK`, `WS_ERR_UNEXPECTED_MASK`,
   *   `WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH`, `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`,
   *   `WS_ERR_TOO_MANY_BUFFERED_PARTS`.
   * @throws TypeError when the memory of a chunk was detached while frames in it were unread.
   *
   * After either error every call throws the same error, and nothing is held.
   */
  next(): Frame | undefined {
    if (this.#error !== undefined) throw this.#error;
    for (;;) {
      const frame = this.#partial === undefined ? this.#readFrame() : this.#readPayload(this.#partial);
      if (frame !== undefined) return frame;
      if (!this.#takeWaiting()) return undefined;
    }
  }

  /** Goes on to the chunk that waits; without one, lets go of the one that was read. */
  #takeWaiting(): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#take(NO_CHUNK);
      return false;
    }
    this.#take(waiting[this.#waitingFrom] as Chunk);
    waiting[this.#waitingFrom++] = NO_CHUNK;
    // Every chunk is moved once at most, and the list does not grow with what was read.
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
    // A data frame without reserved bits, masked as it should be, breaks no rule: asked at once, a short one is read in a fifth less
    // than by asking rule after rule (Node 20).
    if ((first & ~FIN) > Opcode.BINARY || (second & MASK) !== this.#mask)
      this.#checkFirstBytes(first, second);
    const size = headerSize(second);
    if (available < size) return this.#readCutHeader();
    this.#offset = offset + size;
    return this.#startPayload(chunk, offset, size);
  }

  /** Gathers a header that chunks have cut. */
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

  /** Reads on behind the header that stands, whole, in `bytes` at `offset`. */
  #startPayload(bytes: Uint8Array, offset: number, size: number): Frame | undefined {
    const first = bytes[offset] as number;
    const length = readPayloadLength(bytes, offset);
    if (length > this.#maxPayload) this.#checkLength(first & OPCODE, length);
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

  /** Begins a frame of which the chunk does not have all. */
  #startPartial(first: number, length: number, key: MaskingKey): Frame | undefined {
    const opcode = (first & OPCODE) as Opcode;
    this.#partial = new FrameInProgress((first & FIN) !== 0, (first & RSV1) !== 0, opcode, length, key);
    return this.#readPayload(this.#partial);
  }

  /** Reads what the chunk has of a frame that began in this or an earlier one. */
  #readPayload(frame: FrameInProgress): Frame | undefined {
    const { bytes } = this.#chunk;
    const start = this.#offset;
    const end = Math.min(bytes.length, start + frame.payloadLength - frame.payload.length);
    if (end > start) {
      // As good as a limit: the engine cannot hold what would fill the frame.
      if (!frame.append(bytes, start, end)) this.#fail('UNSUPPORTED_MESSAGE_LENGTH');
      this.#offset = end;
      this.#checkChunks(frame.chunks);
    }
    if (frame.payload.length < frame.payloadLength) return undefined;
    this.#partial = undefined;
    const { fin, rsv1, opcode } = frame;
    return { fin, rsv1, opcode, ascii: false, payload: frame.payload.content() };
  }

  // The rules, in the order in which they are judged.

  #checkFirstBytes(first: number, second: number): void {
    const opcode = first & OPCODE;
    this.#checkReservedBits(first, opcode);
    if (!isOpcode(opcode)) this.#fail('INVALID_OPCODE', opcode);
    if (isControl(opcode)) this.#checkControlFrame(first, second);
    this.#checkMask(second);
  }

  /** §5.2: RSV1-RSV3 "MUST be 0 unless an extension is negotiated"; RFC 7692 §6: RSV1 only where a message starts. */
  #checkReservedBits(first: number, opcode: number): void {
    if ((first & RSV2_RSV3) !== 0) this.#fail('UNEXPECTED_RSV_2_3');
    if ((first & RSV1) !== 0 && !(this.#allowRsv1 && opcode !== Opcode.CONTINUATION && !isControl(opcode))) {
      this.#fail('UNEXPECTED_RSV_1');
    }
  }

  /** §5.5: not fragmented, at most 125 bytes; §5.5.1: a close frame's body is empty or has a 2-byte code. */
  #checkControlFrame(first: number, second: number): void {
    if ((first & FIN) === 0) this.#fail('EXPECTED_FIN');
    const length = second & LENGTH;
    if (length > MAX_LENGTH_7 || (length === 1 && (first & OPCODE) === Opcode.CLOSE)) {
      this.#fail('INVALID_CONTROL_PAYLOAD_LENGTH', length);
    }
  }

  /** §5.1: a client masks all its frames, a server none. */
  #checkMask(second: number): void {
    if ((second & MASK) !== this.#mask) this.#fail(this.#mask === 0 ? 'UNEXPECTED_MASK' : 'EXPECTED_MASK');
  }

  /** What is longer than the limit: only a control frame may be. */
  #checkLength(opcode: number, length: number): void {
    if (length > MAX_SAFE_INTEGER) this.#fail('UNSUPPORTED_DATA_PAYLOAD_LENGTH');
    if (!isControl(opcode)) this.#fail('UNSUPPORTED_MESSAGE_LENGTH');
  }

  #checkChunks(chunks: number): void {
    if (this.#maxBufferedChunks > 0 && chunks > this.#maxBufferedChunks) this.#fail('TOO_MANY_CHUNKS');
  }

  #fail(rule: ProtocolRule, detail?: number): never {
    this.#end(protocolError(rule, detail));
  }

  /** The caller has given away memory with frames that are unread: they must not be missed silently. */
  #failDetached(): never {
    const error = new TypeError('The memory of a chunk was detached while frames in it were unread');
    this.#end(Object.assign(error, { closeCode: CloseCode.INTERNAL_ERROR }));
  }

  /** From here on nothing is read, so nothing is held either. */
  #end(error: Error): never {
    this.#error = error;
    this.#take(NO_CHUNK);
    this.#waiting = undefined;
    this.#partial = undefined;
    throw error;
  }
}

/** A frame that is being copied together from several chunks. */
class FrameInProgress implements PartialFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  readonly payloadLength: number;
  readonly payload = new GrowingBuffer();
  /** How many chunks it has come in. */
  chunks = 0;
  readonly #key: MaskingKey;

  constructor(fin: boolean, rsv1: boolean, opcode: Opcode, payloadLength: number, key: MaskingKey) {
    this.fin = fin;
    this.rsv1 = rsv1;
    this.opcode = opcode;
    this.payloadLength = payloadLength;
    this.#key = key;
  }

  /** Takes the payload's next bytes, `chunk[start]` to before `chunk[end]`; false when there is no room for them. */
  append(chunk: Uint8Array, start: number, end: number): boolean {
    const { payload } = this;
    if (!payload.reserve(end - start, this.payloadLength, this.payloadLength)) return false;
    copyMasked(chunk, start, end, payload.bytes, payload.length, rotateMaskingKey(this.#key, payload.length));
    payload.length += end - start;
    this.chunks++;
    return true;
  }
}
