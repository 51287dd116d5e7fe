// A stream in memory whose other end is the fuzzer. The connection reads the fuzzer's bytes immediately. The stream keeps what the
// connection writes.
import { Duplex } from 'node:stream';

export class Wire extends Duplex {
  readonly #written: Buffer[] = [];
  /** Whether the connection under test has ended its side. */
  hasEnded = false;
  /** How many bytes the peer has sent. */
  bytesFromPeer = 0;

  override _read(): void {
    // The fuzzer pushes bytes by itself.
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

  /** The peer sends bytes. */
  peerSends(bytes: Uint8Array): void {
    if (this.destroyed) return;
    this.bytesFromPeer += bytes.length;
    this.push(Buffer.from(bytes));
  }

  /** The peer ends its side. */
  peerEnds(): void {
    if (!this.destroyed) this.push(null);
  }
}
