// A frame (RFC 6455 §5.2) as the decoder returns it, whole or in part.
import type { Opcode } from './opcode.ts';

/** A frame, unmasked. */
export interface Frame {
  /** Whether this is the last frame of its message. */
  readonly fin: boolean;
  /** Whether the extension's bit is set: on the first frame of a compressed message (RFC 7692 §6). */
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  /** True if unmasking has shown that the payload is all ASCII, so that text need not be validated. False means unknown. */
  readonly ascii?: boolean;
  /** A view of the chunk if one chunk contained the whole frame, otherwise a buffer of its own. A `Buffer` on Node. */
  readonly payload: Uint8Array;
}

/** A frame that has not arrived completely: `FrameDecoder.partial`. */
export interface PartialFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  /** The length of the whole payload, in bytes. */
  readonly payloadLength: number;
  /** The payload so far, unmasked: the first `length` bytes of `bytes`. Both change with the next chunk. */
  readonly payload: { readonly bytes: Uint8Array; readonly length: number };
}
