/** The two transforms of permessage-deflate (RFC 7692 §7.2), on node:zlib. */

import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import type { DeflateRaw, InflateRaw } from 'node:zlib';

/** The negotiated parameters for one direction. */
export interface DirectionParameters {
  /** 8-15. */
  readonly windowBits: number;
  readonly noContextTakeover: boolean;
}

/** Octets of payload in one direction. */
export interface CompressionCounts {
  /** Before compression. */
  plain: number;
  /** After compression. */
  packed: number;
}

/** The end of a sync flush, which is not sent (§7.2.1). */
const FLUSH_TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const CHUNK_OCTETS = 65_536;

/** Compresses messages, one at a time. */
export class Deflater {
  readonly #parameters: DirectionParameters;
  readonly #deflate: DeflateRaw;

  constructor(parameters: DirectionParameters) {
    this.#parameters = parameters;
    this.#deflate = createDeflateRaw({
      level: 6,
      memLevel: 8,
      windowBits: parameters.windowBits,
      chunkSize: CHUNK_OCTETS,
      flush: constants.Z_SYNC_FLUSH,
    });
  }

  /** Returns the payload of a compressed message. */
  async compress(payload: Buffer): Promise<Buffer> {
    const flushed = await pass(this.#deflate, payload);
    if (this.#parameters.noContextTakeover) this.#deflate.reset();
    return flushed.subarray(0, flushed.length - FLUSH_TAIL.length);
  }
}

/** The negotiated compression of a connection. Inflates received messages, one at a time. */
export class Compression {
  readonly incoming: CompressionCounts = { plain: 0, packed: 0 };
  /** The parameters for sent messages. */
  readonly own: DirectionParameters;
  readonly #peer: DirectionParameters;
  readonly #inflate: InflateRaw;

  constructor(own: DirectionParameters, peer: DirectionParameters) {
    this.own = own;
    this.#peer = peer;
    this.#inflate = createInflateRaw({
      windowBits: peer.windowBits,
      chunkSize: CHUNK_OCTETS,
      flush: constants.Z_SYNC_FLUSH,
    });
  }

  /**
   * Returns the payload of a message that arrived compressed.
   *
   * @throws Error from zlib if the message is not DEFLATE data.
   */
  async decompress(packed: Buffer): Promise<Buffer> {
    const payload = await pass(this.#inflate, Buffer.concat([packed, FLUSH_TAIL]));
    if (this.#peer.noContextTakeover) this.#inflate.reset();
    this.incoming.plain += payload.length;
    this.incoming.packed += packed.length;
    return payload;
  }

  /** Frees zlib's memory. */
  end(): void {
    this.#inflate.close();
  }
}

/** Passes octets through a transform, flushes it, and returns the output. */
function pass(transform: DeflateRaw | InflateRaw, octets: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const onData = (part: Buffer) => parts.push(part);
    const finish = () => {
      transform.off('data', onData).off('error', onError).off('close', onClose);
    };
    const onError = (error: Error) => {
      finish();
      reject(error);
    };
    const onClose = () => onError(new Error('the connection ended'));
    transform.on('data', onData).once('error', onError).once('close', onClose);
    // Both transforms flush at the end of each write, so one round trip to the thread pool is enough.
    transform.write(octets, () => {
      finish();
      resolve(parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts));
    });
  });
}
