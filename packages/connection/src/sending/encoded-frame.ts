// A frame for several connections: encoded once, and compared by what it says.
import { frameOf } from './frame-bytes.ts';

/** An unmasked frame whose payload cannot change: text, or bytes that nobody writes to any more. */
export class EncodedFrame {
  /** The first byte of the header (§5.2). */
  readonly firstByte: number;
  readonly payload: string | Uint8Array;
  #bytes: Uint8Array | undefined = undefined;

  constructor(firstByte: number, payload: string | Uint8Array) {
    this.firstByte = firstByte;
    this.payload = payload;
  }

  /** The frame, in memory that is never written to again, as nobody knows who still reads it. Encoded when it is first asked for. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= frameOf(this.firstByte, this.payload, undefined));
  }
}
