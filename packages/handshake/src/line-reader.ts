// The lines of a head out of its bytes, however they are cut: CR LF and nothing else ends a line (RFC 9112 §2.2).
import { kernel } from '#kernels';
import { isFieldByte } from './grammar.ts';
import type { RefusalRule } from './handshake-error.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Gives the lines of a chunk, and keeps the part of a line that a chunk ends with. */
export class LineReader {
  /** Why there are no more lines, if a rule was broken. */
  breach: RefusalRule | undefined;

  /** Where in the chunk the next line begins: 0 for a new chunk. */
  offset = 0;

  readonly #maxBytes: number;
  #bytes = 0;
  #afterCR = false;
  /** The part of a line that came with earlier chunks: `#keptLength` bytes, in a buffer that doubles when it is full. */
  #kept = new Uint8Array(0);
  #keptLength = 0;

  /** @param maxBytes - how many bytes are read in all, line ends included */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The next line without its end; `undefined` when the chunk has no more, or for a {@link breach}. */
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

  // An illegal byte is refused as it comes: what is no head at all, TLS for instance, is not waited for.
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
