// A pair of streams in memory: what is written to one end is read from the other, and no socket is involved.
import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';

/** How many bytes are on their way before a writer has to wait: about what a kernel holds for a socket. */
const CAPACITY = 64 * 1024;

/**
 * One end. As with a socket, what is written is taken at once while there is room, and is read on a later turn, cut in
 * another way than it was written; what was written before the end was destroyed is read all the same.
 */
class End extends Duplex {
  #other: End | undefined = undefined;
  /** On its way from the other end to this one's reader. */
  #incoming: Buffer[] = [];
  #incomingBytes = 0;
  #incomingEnded = false;
  #wantsMore = false;
  #pumpScheduled = false;
  /** The other end's writer, which waits for room. */
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

  /** Takes bytes from the other end; `done` is called when there is room for more. */
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

  /** The other end has nothing more to say. */
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
