// `Sender` with the interface of `ws`: encodes frames, and is the sending side of a connection.
import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  applyMask,
  copyMasked,
  firstByte,
  formatClosePayload,
  frameHeaderSize,
  Opcode,
  randomMaskingKey,
  readMaskingKey,
  writeFrameHeader,
  writeMaskingKey,
  type MaskingKey,
} from '@framewire/codec';
import {
  Outbound,
  toPayload,
  type SendableData,
  type SendCallback,
  type Sending,
  type SendOptions,
} from '@framewire/connection';
import { extensionOf, type NegotiatedExtensions } from './per-message-deflate.ts';

/** The options of {@link Sender.frame}. */
export interface FrameOptions {
  /** The opcode: 1 for text, 2 for binary data, ... */
  readonly opcode: number;
  /** Whether the frame is the last of its message. Default false. */
  readonly fin?: boolean | undefined;
  /** Whether the frame is masked. Frames of a client must be. Default false. */
  readonly mask?: boolean | undefined;
  /** Whether the data must not be modified. Otherwise it is masked in place. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Whether RSV1, the bit of the extension, is set. Default false. */
  readonly rsv1?: boolean | undefined;
  /** Fills the 4 bytes of the masking key. Default: random. */
  readonly generateMask?: ((mask: Buffer) => void) | undefined;
  /** The buffer for the masking key. Default: a new one. */
  readonly maskBuffer?: Buffer | undefined;
}

const outboundKey = Symbol('outbound');

/** The sending side of a connection. */
export class Sender {
  /** @internal */
  declare [outboundKey]: Sending;

  /**
   * @param stream the stream to write to
   * @param extensions the negotiated extensions
   * @param generateMask fills the 4 bytes of each masking key. Default: random.
   */
  constructor(stream: Duplex, extensions?: NegotiatedExtensions, generateMask?: (mask: Buffer) => void) {
    const outbound = new Outbound(
      stream,
      { generateMask },
      {
        extension: extensionOf(extensions),
        sendFailed(error) {
          stream.destroy(error);
        },
        sendLost() {
          outbound.abandon();
        },
        drained() {
          // A `Sender` has no `drain` event.
        },
      },
    );
    this[outboundKey] = outbound;
  }

  /**
   * Encodes a message, or a fragment of one, once for any number of connections.
   *
   * @returns the header and the payload, for {@link Sender.sendFrame}
   */
  static frame(data: string | Uint8Array, options: FrameOptions): Buffer[] {
    const payload = typeof data === 'string' ? Buffer.from(data) : data;
    const key = options.mask ? maskingKey(options) : undefined;
    // Bytes that must stay unchanged are copied after the header and masked there.
    const isCopied = key !== undefined && options.readOnly === true && payload === data;
    const size = frameHeaderSize(payload.length, key !== undefined);
    const header = Buffer.alloc(isCopied ? size + payload.length : size);
    const first = firstByte(options.opcode as Opcode, options.fin ?? false, options.rsv1 ?? false);
    writeFrameHeader(header, 0, first, payload.length, key);
    if (isCopied) copyMasked(payload, 0, payload.length, header, size, key);
    else if (key !== undefined) applyMask(payload, 0, payload.length, key);
    return header.length > size || payload.length === 0 ? [header] : [header, payload as Buffer];
  }

  /** Writes frames that {@link Sender.frame} created, after everything that was sent before. */
  sendFrame(buffers: readonly Uint8Array[], callback?: SendCallback): void {
    this[outboundKey].writeFrames(buffers, callback);
  }

  /** Sends a message, or with `fin: false` a fragment of one. */
  send(data: SendableData, options: SendOptions, callback?: SendCallback): void {
    const opcode = options.binary ? Opcode.BINARY : Opcode.TEXT;
    const { fin = false, compress = false, mask: masked = false } = options;
    this[outboundKey].send(toPayload(data), { opcode, fin, compress, masked }, callback);
  }

  ping(data: SendableData, mask: boolean, callback?: SendCallback): void {
    this[outboundKey].control(Opcode.PING, toPayload(data), mask, callback);
  }

  pong(data: SendableData, mask: boolean, callback?: SendCallback): void {
    this[outboundKey].control(Opcode.PONG, toPayload(data), mask, callback);
  }

  /**
   * Sends a close frame.
   *
   * @throws `TypeError` for a code that must not be sent, `RangeError` for a reason of more than 123 bytes
   */
  close(
    code: number | undefined,
    reason: string | Uint8Array | undefined,
    mask: boolean,
    callback?: SendCallback,
  ): void {
    this[outboundKey].control(Opcode.CLOSE, formatClosePayload(code, reason), mask, callback);
  }
}

/** Creates a {@link Sender} for the sending side of an open connection and its stream. */
export function senderOf(outbound: Sending, stream: Duplex): Sender {
  const sender = new Sender(stream);
  sender[outboundKey] = outbound;
  return sender;
}

function maskingKey({ generateMask, maskBuffer = Buffer.alloc(4) }: FrameOptions): MaskingKey {
  if (generateMask !== undefined) generateMask(maskBuffer);
  else writeMaskingKey(maskBuffer, 0, randomMaskingKey());
  return readMaskingKey(maskBuffer, 0);
}
