// A stream in memory of which the other end is the fuzzer: what it writes is read immediately, and what is written to it is kept.
import { Duplex } from 'node:stream';

export class Wire extends Duplex {
  readonly #written: Buffer[] = [];
  /** Whether the end under test has ended its side. */
  hasEnded = false;
  /** How many bytes the peer has said. */
  said = 0;

  override _read(): void {
    // Bytes come when the fuzzer says so.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // A copy, because the writer may reuse the memory.
    this.#written.push(Buffer.from(chunk));
    done();
  }

  override _final(done: () => void): void {
    this.hasEnded = true;
    done();
  }

  /** The bytes that were written so far. */
  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  /** The peer says something. */
  say(bytes: Uint8Array): void {
    if (this.destroyed) return;
    this.said += bytes.length;
    this.push(Buffer.from(bytes));
  }

  /** The peer ends its side. */
  sayEnd(): void {
    if (!this.destroyed) this.push(null);
  }
}
