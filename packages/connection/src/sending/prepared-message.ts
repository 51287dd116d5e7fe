// A message for many connections: encoded once, and compressed once for each set of compression parameters.
import { Buffer } from 'node:buffer';
import { firstByte, Opcode, type DataOpcode, type SharedMessage } from '@framewire/codec';
import { EncodedFrame } from './encoded-frame.ts';
import { isPayload, toPayload, type SendableData } from './payload.ts';

/** How to send a {@link PreparedMessage}. */
export interface PreparedMessageOptions {
  /** Whether the message is binary. Default: whether the data is not a string. */
  binary?: boolean | undefined;
  /** Whether the message may be compressed, if compression was negotiated. Default true. */
  compress?: boolean | undefined;
}

/**
 * A message to send on many connections, or many times, with `ws.send(prepared)`. It is encoded when it is first sent, and compressed
 * once for each set of parameters that connections have negotiated. A client masks it with a new key each time (§5.3).
 *
 * @example
 * ```ts
 * const message = new PreparedMessage(JSON.stringify(state));
 * for (const ws of server.clients) ws.send(message);
 * ```
 */
export class PreparedMessage {
  /** @internal The data, in the form that extensions take. */
  readonly shared: SharedMessage;
  /** @internal */
  readonly opcode: DataOpcode;
  /** @internal */
  readonly compress: boolean;
  // `private` instead of `#`, because fields with `#` do not work through a `Proxy`.
  private plain: EncodedFrame | undefined = undefined;
  private readonly compressed = new WeakMap<Uint8Array, EncodedFrame>();

  /**
   * @param data as for `send()`, except a `Blob`. Bytes are copied.
   * @throws `TypeError` for data of another type
   */
  constructor(data: SendableData, options: PreparedMessageOptions = {}) {
    const payload = toPayload(data);
    if (!isPayload(payload)) {
      throw new TypeError('A Blob cannot be prepared: read it first, with its arrayBuffer()');
    }
    const isText = typeof payload === 'string';
    this.shared = { data: isText ? payload : Buffer.from(payload), forms: new WeakMap() };
    this.opcode = (options.binary ?? !isText) ? Opcode.BINARY : Opcode.TEXT;
    this.compress = options.compress ?? true;
  }

  /** Keeps `reactive()` of Vue from wrapping this object, and the frames in it, in proxies. */
  get [Symbol.toStringTag](): string {
    return PreparedMessage.name;
  }

  /**
   * @internal Returns the frame of the whole message, unmasked.
   *
   * @param compressed the compressed data; null for the message as it is
   */
  frame(compressed: Uint8Array | null): EncodedFrame {
    if (compressed === null) {
      return (this.plain ??= new EncodedFrame(firstByte(this.opcode, true, false), this.shared.data));
    }
    let frame = this.compressed.get(compressed);
    if (frame === undefined) {
      frame = new EncodedFrame(firstByte(this.opcode, true, true), compressed);
      this.compressed.set(compressed, frame);
    }
    return frame;
  }
}
