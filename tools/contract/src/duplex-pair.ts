// A pair of streams in memory: what is written to one end is read from the other, and no socket is involved.
import { Duplex } from 'node:stream';

/** One end. It reads what the other end writes, honours back-pressure, and tells the other end of its own end. */
class End extends Duplex {
  #other: End | undefined = undefined;
  /** Takes the next chunk from the other end's writer: set while that one waits for this end to read. */
  #readOn: (() => void) | undefined = undefined;
  #inputEnded = false;

  constructor() {
    // As with a socket: an end that was told of the peer's end still writes, until it ends itself.
    super({ allowHalfOpen: true });
  }

  join(other: End): void {
    this.#other = other;
  }

  override _read(): void {
    const readOn = this.#readOn;
    this.#readOn = undefined;
    readOn?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#deliver(Buffer.from(chunk), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#deliver(null, done);
  }

  /** A socket whose peer has gone sees the end of the stream. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other;
    this.#readOn?.();
    setImmediate(() => other?.endReading());
    done(error);
  }

  /** Nothing comes any more. */
  endReading(): void {
    if (this.#inputEnded || this.destroyed) return;
    this.#inputEnded = true;
    this.push(null);
  }

  /** To the reader of the other end, on a later turn as with a socket. */
  #deliver(chunk: Buffer | null, done: () => void): void {
    const other = this.#other;
    setImmediate(() => {
      if (other === undefined || other.destroyed || other.#inputEnded) done();
      else if (chunk === null) {
        other.endReading();
        done();
      } else if (chunk.length === 0 || other.push(chunk)) done();
      else other.#readOn = done;
    });
  }
}

/** Two ends of one connection in memory. */
export function duplexPair(): [Duplex, Duplex] {
  const near = new End();
  const far = new End();
  near.join(far);
  far.join(near);
  return [near, far];
}
