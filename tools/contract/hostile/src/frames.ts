// The frames of attackers. Nothing is checked, so that a frame can violate every rule (RFC 6455 §5.2).
import { Buffer } from 'node:buffer';
import { deflateRawSync, constants } from 'node:zlib';

export const MiB = 1024 * 1024;

/** A frame. The default is a frame as a client sends it: final, masked, with the true length. */
export interface FrameParts {
  /** The four low bits of the first byte. */
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  readonly masked?: boolean;
  /** The length in the header. Default: that of the payload. */
  readonly length?: number | bigint;
}

/** The bytes of a frame. The masking key is all zeros, which is valid and leaves the payload unchanged. */
export function frame({
  opcode,
  payload = '',
  fin = true,
  rsv1 = false,
  masked = true,
  length,
}: FrameParts): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
  const mask = masked ? 0x80 : 0;
  const size = length ?? bytes.length;
  const key = masked ? Buffer.alloc(4) : Buffer.alloc(0);
  if (size <= 125) return Buffer.concat([Buffer.from([first, mask | Number(size)]), key, bytes]);
  if (size <= 0xffff) {
    return Buffer.concat([
      Buffer.from([first, mask | 126, Number(size) >> 8, Number(size) & 0xff]),
      key,
      bytes,
    ]);
  }
  const header = Buffer.alloc(10);
  header.set([first, mask | 127]);
  header.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([header, key, bytes]);
}

/** Repeats bytes. */
export function times(count: number, bytes: Uint8Array): Buffer {
  return Buffer.alloc(count * bytes.length, bytes);
}

/** The payload of a compressed message (RFC 7692 §7.2.1) that inflates to the given number of MiB of zeros. */
export function bomb(mebibytes: number): Buffer {
  // After a full flush, nothing refers to earlier data, so the same part can be repeated.
  const part = deflateRawSync(Buffer.alloc(MiB), { finishFlush: constants.Z_FULL_FLUSH, level: 9 });
  const stream = times(mebibytes, part);
  return stream.subarray(0, -4);
}
