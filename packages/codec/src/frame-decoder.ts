// Bytes into frames (RFC 6455 §5.2): a pull decoder for either role, and the rules of §5 that a header can break.
import { kernel } from '#kernels';
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
import {
  applyMask,
  copyMasked,
  readMaskingKey,
  rotateMaskingKey,
  unmaskShort,
  wordsOf,
  type MaskingKey,
} from './masking.ts';
import { isControl, isOpcode, Opcode } from './opcode.ts';
import { protocolError, type ProtocolError, type ProtocolRule } from './protocol-error.ts';

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

const EMPTY = new Uint8Array(0);

/**
 * From this length of a chunk on a view of it as words is worth making, and up to this length of a payload it is used: what it
 * gives, `unmaskShort` says.
 */
const WORDS_FROM = 512;
const WORDS_UP_TO = 1023;

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
  readonly #masked: boolean;
  readonly #allowRsv1: boolean;
  readonly #maxPayload: number;
  readonly #maxBufferedChunks: number;

  /** The chunk being read, and how far. */
  #chunk: Uint8Array = EMPTY;
  #offset = 0;
  /** The chunk as words: null where there can be none, undefined before it is wanted. */
  #words: Int32Array | null | undefined = undefined;
  /** Chunks that were pushed before this one was read to its end, from `#waitingFrom` on; never empty. */
  #waiting: Uint8Array[] | undefined = undefined;
  #waitingFrom = 0;
  /** A header of which the first `#cutLength` bytes have arrived in chunks before this one. */
  #cut: Uint8Array | undefined = undefined;
  #cutLength = 0;
  #partial: FrameInProgress | undefined = undefined;
  #error: ProtocolError | undefined = undefined;

  constructor(options: FrameDecoderOptions) {
    this.#masked = options.role === 'server';
    this.#allowRsv1 = options.allowRsv1 ?? false;
    this.#maxPayload = options.maxPayload ?? 0;
    this.#maxBufferedChunks = options.maxBufferedChunks ?? 0;
  }

  /** The frame whose header has arrived and whose payload has not, once `next()` has returned undefined. */
  get partial(): PartialFrame | undefined {
    return this.#partial;
  }

  /**
   * Takes the next bytes of the stream, which the decoder may change from now on. Chunks may wait until
   * `next()` gets to them; behind an error they are dropped.
   */
  push(chunk: Uint8Array): void {
    if (this.#offset < this.#chunk.length || this.#waiting !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push(chunk);
    } else if (this.#error === undefined) {
      this.#chunk = chunk;
      this.#offset = 0;
      this.#words = undefined;
    }
  }

  /**
   * The next frame, or undefined when more bytes are needed.
   *
   * @throws a `ProtocolError` when the bytes break a rule of §5.1, §5.2 or §5.5 or a limit:
   *   `WS_ERR_UNEXPECTED_RSV_1`, `WS_ERR_UNEXPECTED_RSV_2_3`, `WS_ERR_INVALID_OPCODE`, `WS_ERR_EXPECTED_FIN`,
   *   `WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH`, `WS_ERR_EXPECTED_MASK`, `WS_ERR_UNEXPECTED_MASK`,
   *   `WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH`, `WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`,
   *   `WS_ERR_TOO_MANY_BUFFERED_PARTS`. From then on every call throws the same error, and nothing is held.
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
    this.#offset = 0;
    this.#words = undefined;
    if (waiting === undefined) {
      this.#chunk = EMPTY;
      return false;
    }
    this.#chunk = waiting[this.#waitingFrom] as Uint8Array;
    waiting[this.#waitingFrom++] = EMPTY;
    // Every chunk is moved once at most, and the list does not grow with what was read.
    if (this.#waitingFrom * 2 >= waiting.length) {
      waiting.splice(0, this.#waitingFrom);
      this.#waitingFrom = 0;
      if (waiting.length === 0) this.#waiting = undefined;
    }
    return true;
  }

  #readFrame(): Frame | undefined {
    const offset = this.#offset;
    const available = this.#chunk.length - offset;
    if (this.#cutLength > 0 || available < 2) return this.#readCutHeader();
    const second = this.#chunk[offset + 1] as number;
    this.#checkFirstBytes(this.#chunk[offset] as number, second);
    const size = headerSize(second);
    if (available < size) return this.#readCutHeader();
    this.#offset = offset + size;
    return this.#startPayload(this.#chunk, offset, size);
  }

  /** Gathers a header that chunks have cut. */
  #readCutHeader(): Frame | undefined {
    if (this.#offset === this.#chunk.length) return undefined;
    const cut = (this.#cut ??= new Uint8Array(MAX_HEADER_SIZE));
    while (this.#offset < this.#chunk.length) {
      cut[this.#cutLength++] = this.#chunk[this.#offset++] as number;
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
    const opcode = (first & OPCODE) as Opcode;
    this.#checkLength(opcode, length);
    const key = this.#masked ? readMaskingKey(bytes, offset + size - 4) : 0;
    const fin = (first & FIN) !== 0;
    const rsv1 = (first & RSV1) !== 0;

    const start = this.#offset;
    const end = start + length;
    if (end > this.#chunk.length) {
      this.#partial = new FrameInProgress(fin, rsv1, opcode, length, key);
      return this.#readPayload(this.#partial);
    }
    this.#offset = end;
    const ascii = key !== 0 && this.#unmask(start, end, key);
    return { fin, rsv1, opcode, ascii, payload: kernel.view(this.#chunk, start, end) };
  }

  /** Unmasks a payload in the chunk; true when it was seen to be ASCII. */
  #unmask(start: number, end: number, key: MaskingKey): boolean {
    const chunk = this.#chunk;
    if (chunk.length >= WORDS_FROM && end - start <= WORDS_UP_TO) {
      if (this.#words === undefined) this.#words = wordsOf(chunk) ?? null;
      if (this.#words !== null) return unmaskShort(chunk, this.#words, start, end, key);
    }
    applyMask(chunk, start, end, key);
    return false;
  }

  /** Reads what the chunk has of a frame that began in this or an earlier one. */
  #readPayload(frame: FrameInProgress): Frame | undefined {
    const start = this.#offset;
    const end = Math.min(this.#chunk.length, start + frame.payloadLength - frame.payload.length);
    if (end > start) {
      // As good as a limit: the engine cannot hold what would fill the frame.
      if (!frame.append(this.#chunk, start, end)) this.#fail('UNSUPPORTED_MESSAGE_LENGTH');
      this.#offset = end;
      this.#checkChunks(frame.chunks);
    }
    if (frame.payload.length < frame.payloadLength) return undefined;
    this.#partial = undefined;
    return { fin: frame.fin, rsv1: frame.rsv1, opcode: frame.opcode, payload: frame.payload.content() };
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
    const masked = (second & MASK) !== 0;
    if (masked !== this.#masked) this.#fail(masked ? 'UNEXPECTED_MASK' : 'EXPECTED_MASK');
  }

  #checkLength(opcode: Opcode, length: number): void {
    if (length > Number.MAX_SAFE_INTEGER) this.#fail('UNSUPPORTED_DATA_PAYLOAD_LENGTH');
    if (this.#maxPayload > 0 && length > this.#maxPayload && !isControl(opcode)) {
      this.#fail('UNSUPPORTED_MESSAGE_LENGTH');
    }
  }

  #checkChunks(chunks: number): void {
    if (this.#maxBufferedChunks > 0 && chunks > this.#maxBufferedChunks) this.#fail('TOO_MANY_CHUNKS');
  }

  /** From here on nothing is read, so nothing is held either. */
  #fail(rule: ProtocolRule, detail?: number): never {
    this.#error = protocolError(rule, detail);
    this.#chunk = EMPTY;
    this.#words = undefined;
    this.#offset = 0;
    this.#waiting = undefined;
    this.#partial = undefined;
    throw this.#error;
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
