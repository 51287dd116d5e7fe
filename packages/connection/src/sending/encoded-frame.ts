// A frame for several connections, which is encoded once.
import { frameOf } from './frame-bytes.ts';

/** An unmasked frame whose payload cannot change: text, or bytes that no longer change. */
export class EncodedFrame {
  /** The first byte of the header (§5.2). */
  readonly firstByte: number;
  readonly payload: string | Uint8Array;
  #bytes: Uint8Array | undefined = undefined;

  constructor(firstByte: number, payload: string | Uint8Array) {
    this.firstByte = firstByte;
    this.payload = payload;
  }

  /** The encoded frame, created on first use. The memory is never changed, because another connection may be reading it. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= frameOf(this.firstByte, this.payload, undefined));
  }
}
