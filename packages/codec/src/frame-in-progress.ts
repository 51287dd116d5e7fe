// A frame that arrives in several chunks. Its payload is unmasked while it is copied into one buffer.
import type { PartialFrame } from './frame.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { copyMasked, rotateMaskingKey, type MaskingKey } from './masking.ts';
import type { Opcode } from './opcode.ts';

export class FrameInProgress implements PartialFrame {
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly opcode: Opcode;
  readonly payloadLength: number;
  readonly payload = new GrowingBuffer();
  /** How many chunks have contained a part of the payload. */
  chunks = 0;
  readonly #key: MaskingKey;

  constructor(fin: boolean, rsv1: boolean, opcode: Opcode, payloadLength: number, key: MaskingKey) {
    this.fin = fin;
    this.rsv1 = rsv1;
    this.opcode = opcode;
    this.payloadLength = payloadLength;
    this.#key = key;
  }

  /** Appends the next bytes of the payload: `chunk` from `start` up to `end` (exclusive). Returns false if there is no memory for them. */
  append(chunk: Uint8Array, start: number, end: number): boolean {
    const { payload } = this;
    if (!payload.reserve(end - start, this.payloadLength, this.payloadLength)) return false;
    copyMasked(chunk, start, end, payload.bytes, payload.length, rotateMaskingKey(this.#key, payload.length));
    payload.length += end - start;
    this.chunks++;
    return true;
  }
}
