// One end of a transport in memory that delivers nothing by itself: each step is a call of the test.
import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/**
 * - `free`: the transport accepts bytes immediately, as a kernel with free buffers does, and delivers them later.
 * - `full`: the transport accepts the bytes of a write only when they are delivered. Later writes wait.
 */
export type Buffering = 'free' | 'full';

export class SteppedStream extends Duplex {
  /** All chunks that the transport was given. */
  readonly written: Buffer[] = [];
  /** How many of them it has accepted. */
  accepted = 0;
  /** The chunks that the peer has not received. */
  readonly wire: Buffer[] = [];
  /** Whether this end has ended its side. The peer sees that after it has read the wire. */
  hasEnded = false;
  readonly #buffering: Buffering;
  /** The callback of a write that is not accepted yet. */
  #done: Done | undefined;

  constructor(buffering: Buffering) {
    super();
    this.#buffering = buffering;
  }

  /** Takes the next chunk off the wire, for the peer. */
  takeChunk(): Buffer {
    const chunk = this.wire.shift()!;
    const done = this.#done;
    this.#done = undefined;
    if (done !== undefined) this.#accept(done);
    // A copy, because the peer unmasks it in place.
    return Buffer.from(chunk);
  }

  #accept(done: Done): void {
    this.accepted++;
    done();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.written.push(chunk);
    this.wire.push(chunk);
    if (this.#buffering === 'free') this.#accept(done);
    else this.#done = done;
  }

  override _final(done: Done): void {
    this.hasEnded = true;
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.hasEnded = true;
    const waiting = this.#done;
    this.#done = undefined;
    if (waiting !== undefined) {
      // Bytes that were not accepted are lost, as on a socket.
      this.wire.pop();
      waiting(error ?? new Error('The stream was destroyed'));
    }
    done(error);
  }
}
