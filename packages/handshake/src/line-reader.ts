// Splits the bytes of a head into lines, in chunks of any size. Only CR LF ends a line (RFC 9112 §2.2).
import { kernel } from '#kernels';
import { isFieldByte } from './grammar.ts';
import type { RefusalRule } from './handshake-error.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Returns the lines of a chunk, and keeps an incomplete line at its end. */
export class LineReader {
  /** The rule that the bytes broke, if any. After that, `next()` returns no more lines. */
  breach: RefusalRule | undefined;

  /** Where the next line begins in the chunk: 0 for a new chunk. */
  offset = 0;

  readonly #maxBytes: number;
  #bytes = 0;
  #afterCR = false;
  /** The part of a line in earlier chunks: `#keptLength` bytes, in a buffer that doubles when it is full. */
  #kept = new Uint8Array(0);
  #keptLength = 0;

  /** @param maxBytes - the maximum number of bytes in total, including line ends */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the next line without its end; `undefined` if the chunk has no more, or after a {@link breach}. */
  next(chunk: Uint8Array): string | undefined {
    const start = this.offset;
    let byte: number | undefined;
    while ((byte = chunk[this.offset]) !== undefined) {
      this.offset++;
      this.breach = this.#checkByte(byte);
      if (this.breach !== undefined) return undefined;
      if (byte === LF) return this.#line(chunk, start);
    }
    this.#keep(chunk.subarray(start));
    return undefined;
  }

  // Rejects an illegal byte immediately, so that input which is not HTTP, such as TLS, does not have to time out.
  #checkByte(byte: number): RefusalRule | undefined {
    if (++this.#bytes > this.#maxBytes) return 'HEAD_TOO_LARGE';
    if (this.#afterCR !== (byte === LF)) return 'MALFORMED_LINE_ENDING';
    this.#afterCR = byte === CR;
    return isFieldByte(byte) || byte === CR || byte === LF ? undefined : 'ILLEGAL_BYTE';
  }

  #line(chunk: Uint8Array, start: number): string {
    if (this.#keptLength === 0) return kernel.decodeLatin1(chunk, start, this.offset - '\r\n'.length);
    this.#keep(chunk.subarray(start, this.offset));
    const line = kernel.decodeLatin1(this.#kept, 0, this.#keptLength - '\r\n'.length);
    this.#keptLength = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    const length = this.#keptLength + part.length;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#kept.length));
      larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(part, this.#keptLength);
    this.#keptLength = length;
  }
}
