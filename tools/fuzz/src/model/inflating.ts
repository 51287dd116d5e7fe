// The contents of compressed messages, by RFC 7692 §7.2.2 and `node:zlib`. For each message, the whole stream is inflated again.
import { constants, inflateRawSync } from 'node:zlib';
import { setImmediate } from 'node:timers/promises';

/** "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." */
const TAIL = Buffer.from('0000ffff', 'hex');

/** The documented limits of our inflater: how many streams one message may have, and how many bytes may follow the last. */
const MOST_STREAMS = 8;
const NO_STREAM = TAIL.length + 1;

/** An empty block that ends the stream (BFINAL). After a complete block, zlib reads exactly these bytes, and not the byte after them. */
const FINAL_BLOCK = Buffer.from('010000ffff', 'hex');

/** The messages of one direction. */
export class Inflating {
  readonly #takeover: boolean;
  /** The bytes since the last stream began, and how many bytes were inflated from them. */
  #stream: Buffer = Buffer.alloc(0);
  #reported = 0;

  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /** The original of a message; undefined if it is not a DEFLATE stream. */
  inflate(message: Uint8Array): Buffer | undefined {
    if (!this.#takeover) this.#begin();
    let rest = Buffer.concat([message, TAIL]);
    const parts: Buffer[] = [];
    for (let streams = 1; rest.length > 0; streams++) {
      if (streams > MOST_STREAMS) return undefined;
      const stream = Buffer.concat([this.#stream, rest]);
      const inflated = inflateStream(stream);
      if (inflated === undefined) return undefined;
      parts.push(inflated.data.subarray(this.#reported));
      if (inflated.used === stream.length) {
        this.#stream = stream;
        this.#reported = inflated.data.length;
        break;
      }
      // §7.2.3.4: a block with BFINAL has ended the stream. The rest is another stream, or the tail after the last.
      rest = stream.subarray(inflated.used);
      this.#begin();
      if (rest.length <= NO_STREAM) break;
    }
    return Buffer.concat(parts);
  }

  /** Whether the bytes so far end at the end of a block. RFC 7692 §7.2.1 requires this of every message. */
  get isAtBlockEnd(): boolean {
    const ended = inflateStream(Buffer.concat([this.#stream, FINAL_BLOCK, Buffer.of(0)]));
    // In an unfinished block, these bytes would be data. By chance, the block may end with them.
    return ended?.used === this.#stream.length + FINAL_BLOCK.length && ended.data.length === this.#reported;
  }

  #begin(): void {
    this.#stream = Buffer.alloc(0);
    this.#reported = 0;
  }
}

/** After this many inputs, the model's zlib engines are freed. */
const TURN = 64;
let inputs = 0;

/** Call once for each input. zlib frees an engine in a later turn of the event loop. Without a wait, a fuzzer never reaches that turn. */
export async function letEnginesClose(): Promise<void> {
  if (++inputs % TURN === 0) await setImmediate();
}

/**
 * The result of zlib for a stream that is flushed or ended: the inflated bytes, and how many bytes zlib has read. Undefined if it is not
 * a DEFLATE stream.
 *
 * @param most the limit for inflated bytes. If there are more, the result is 'long'
 */
export function inflateStream(
  stream: Uint8Array,
  most: number,
): { data: Buffer; used: number } | 'long' | undefined;
export function inflateStream(stream: Uint8Array): { data: Buffer; used: number } | undefined;
export function inflateStream(
  stream: Uint8Array,
  most?: number,
): { data: Buffer; used: number } | 'long' | undefined {
  try {
    // With `info`, the result includes the engine. The types do not declare it.
    const { buffer, engine } = inflateRawSync(stream, {
      finishFlush: constants.Z_SYNC_FLUSH,
      info: true,
      ...(most === undefined ? {} : { maxOutputLength: most }),
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    return { data: buffer, used: engine.bytesWritten };
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'long' : undefined;
  }
}
