// What compressed messages hold, by RFC 7692 §7.2.2 and `node:zlib`: all that came of a stream is inflated again for each message.
import { constants, inflateRawSync } from 'node:zlib';
import { setImmediate } from 'node:timers/promises';

/** "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." */
const TAIL = Buffer.from('0000ffff', 'hex');

/** How many streams one message may be made of, and how much may follow the last: the documented limits of our inflater. */
const MOST_STREAMS = 8;
const NO_STREAM = TAIL.length + 1;

/** An empty block that ends the stream (BFINAL), where a block may begin, so a byte after it is not part of it. */
const FINAL_BLOCK = Buffer.from('010000ffff', 'hex');

/** The messages of one direction. */
export class Inflating {
  readonly #takeover: boolean;
  /** The messages since the last stream began, and how much came of them. */
  #stream: Buffer = Buffer.alloc(0);
  #told = 0;

  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /** The original of a message; undefined for one that is no DEFLATE stream. */
  inflate(message: Uint8Array): Buffer | undefined {
    if (!this.#takeover) this.#begin();
    let rest = Buffer.concat([message, TAIL]);
    const parts: Buffer[] = [];
    for (let streams = 1; rest.length > 0; streams++) {
      if (streams > MOST_STREAMS) return undefined;
      const stream = Buffer.concat([this.#stream, rest]);
      const inflated = inflateStream(stream);
      if (inflated === undefined) return undefined;
      parts.push(inflated.data.subarray(this.#told));
      if (inflated.used === stream.length) {
        this.#stream = stream;
        this.#told = inflated.data.length;
        break;
      }
      // §7.2.3.4: a block with BFINAL has ended the stream. What is left begins another one, or follows it.
      rest = stream.subarray(inflated.used);
      this.#begin();
      if (rest.length <= NO_STREAM) break;
    }
    return Buffer.concat(parts);
  }

  /** Whether what was read so far ends where a block ends: RFC 7692 §7.2.1 demands it of every message. */
  get isAtBlockEnd(): boolean {
    const ended = inflateStream(Buffer.concat([this.#stream, FINAL_BLOCK, Buffer.of(0)]));
    // A block under way would take it for data of its own, and may end with it by chance.
    return ended?.used === this.#stream.length + FINAL_BLOCK.length && ended.data.length === this.#told;
  }

  #begin(): void {
    this.#stream = Buffer.alloc(0);
    this.#told = 0;
  }
}

/** After so many inputs the model's engines are freed. */
const TURN = 64;
let inputs = 0;

/** zlib frees an engine in a later turn of the event loop, which a fuzzer that awaits nothing else never reaches. Call once for each input. */
export async function letEnginesClose(): Promise<void> {
  if (++inputs % TURN === 0) await setImmediate();
}

/**
 * What zlib makes of a stream, flushed or ended: its bytes, and how many it has read; undefined for what is no DEFLATE stream.
 *
 * @param most where more bytes come of it, 'long'
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
    // With `info` the engine comes with the data, which the types do not know.
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
