// A pair of in-memory streams: bytes written to one end are read from the other, without a socket.
import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';

/** How many bytes may be in flight before a writer must wait: about as many as the kernel buffers for a socket. */
const CAPACITY = 64 * 1024;

/**
 * One end. Like a socket, it accepts writes immediately while there is room. The other end reads the bytes in a later turn, joined into
 * one chunk, even if this end has been destroyed since.
 */
class End extends Duplex {
  #other: End | undefined = undefined;
  /** Bytes in flight from the other end to the reader of this one. */
  #incoming: Buffer[] = [];
  #incomingBytes = 0;
  #incomingEnded = false;
  #wantsMore = false;
  #pumpScheduled = false;
  /** Lets the writer of the other end continue, if it waits for room. */
  #makeRoom: (() => void) | undefined = undefined;

  join(other: End): void {
    this.#other = other;
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#schedulePump();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#other?.accept(Buffer.from(chunk), done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#other?.accept(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#other?.acceptEnd();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#other?.acceptEnd();
    this.#incoming = [];
    this.#makeRoom?.();
    done(error);
  }

  /** Accepts bytes from the other end. Calls `done` when there is room for more. */
  accept(chunk: Buffer, done: () => void): void {
    if (this.destroyed) {
      done();
      return;
    }
    this.#incoming.push(chunk);
    this.#incomingBytes += chunk.length;
    this.#schedulePump();
    if (this.#incomingBytes < CAPACITY) done();
    else this.#makeRoom = done;
  }

  /** Called when the other end has ended or been destroyed. */
  acceptEnd(): void {
    this.#incomingEnded = true;
    this.#schedulePump();
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || !this.#wantsMore || this.destroyed) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      if (!this.destroyed) this.#pump();
    });
  }

  #pump(): void {
    if (this.#incomingBytes > 0) {
      const chunk = Buffer.concat(this.#incoming);
      this.#incoming = [];
      this.#incomingBytes = 0;
      this.#wantsMore = this.push(chunk);
      const makeRoom = this.#makeRoom;
      this.#makeRoom = undefined;
      makeRoom?.();
      this.#schedulePump();
    } else if (this.#incomingEnded) {
      this.#wantsMore = false;
      this.push(null);
    }
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
