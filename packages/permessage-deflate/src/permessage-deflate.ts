// The extension as a connection uses it: when to compress, with what, and what came of it.
import { sharedWays, type Ways } from './agreed-ways.ts';
import { Deflater, type DeflateDone, type Part } from './deflater.ts';
import type { InflateDone } from './inflate-job.ts';
import { Inflater } from './inflater.ts';
import type { RoleView } from './negotiation.ts';
import { EXTENSION_NAME } from './parameters.ts';
import { byteLength, bytesOf, type SharedMessage } from './shared-compressor.ts';
import { Counter, processCounters, type CompressionStatistics } from './statistics.ts';
import type { TransformOptions } from './transform-options.ts';

export type { Part, SharedMessage };

const NO_OPTIONS: TransformOptions = {};

/** permessage-deflate on one connection, as it was negotiated (RFC 7692 §7.2). */
export class PerMessageDeflate {
  readonly name = EXTENSION_NAME;
  /** Whether what is made of a text may be the same object on other connections. */
  readonly sharesTexts: boolean;
  readonly #ways: Ways;
  readonly #deflater: Deflater;
  readonly #inflater: Inflater;
  readonly #sent = new Counter(processCounters.sent);
  readonly #received = new Counter(processCounters.received);

  /**
   * @param view the agreement as `roleView()` shows it to this end
   * @param maxPayload the longest message, in bytes; 0 = no limit
   */
  constructor(view: RoleView, maxPayload: number, options: TransformOptions = NO_OPTIONS) {
    this.#ways = sharedWays(view, maxPayload, options);
    this.sharesTexts = !this.#ways.deflate.takeover;
    this.#deflater = new Deflater(this.#ways.deflate, this.#sent);
    this.#inflater = new Inflater(this.#ways.inflate, this.#received);
  }

  /** What has been compressed and inflated so far, and the time that it took: a snapshot. */
  get statistics(): CompressionStatistics {
    return { sent: this.#sent.snapshot(), received: this.#received.snapshot() };
  }

  /**
   * Compresses a piece of a message, synchronously or later; one at a time. Undefined, for the first piece, leaves the whole message
   * as it is: it is shorter than the threshold, or would not shrink. What is given for the same text on connections that share may be
   * the same object: it is not to be changed.
   *
   * The caller may change its bytes once the call has returned. `done` is called in the async context of this call.
   */
  compress(part: Part, done: DeflateDone): void {
    const { data, first, fin } = part;
    // Of an empty message there is nothing to compress; but an empty first piece may be the begin of a long one.
    if (first && isShorter(data, Math.max(this.#ways.threshold, fin ? 1 : 0))) {
      this.#sent.addLeftAsItIs();
      done(null);
      return;
    }
    // Not the data: while they wait, only what has to read them holds them.
    const length = byteLength(data);
    const finish: DeflateDone = (error, compressed, original) => {
      if (compressed !== undefined) {
        this.#sent.addBytes(length, compressed.length);
        if (fin) this.#sent.addMessage();
      } else if (error === null) this.#sent.addLeftAsItIs();
      done(error, compressed, original);
    };
    if (typeof data === 'string' && first && fin && this.sharesTexts) {
      this.#ways.compressor.compress(data, this.#sent, finish);
    } else this.#deflater.compress(part, finish);
  }

  /**
   * Compresses a whole message that goes to many connections, once for all that agreed on the same; they get the same object. `null`
   * leaves the message as it is. `undefined` leaves it to {@link PerMessageDeflate.compress}. The caller sends what is returned as the next
   * message of the connection. With context takeover the message itself points to nothing that came before, and later ones may point to it.
   */
  compressShared(message: SharedMessage): Uint8Array | null | undefined {
    const { compressor, threshold } = this.#ways;
    const { data } = message;
    const form = isShorter(data, Math.max(threshold, 1))
      ? null
      : compressor.compressShared(message, this.#sent);
    if (form) {
      if (!this.sharesTexts) this.#deflater.remember(bytesOf(message));
      this.#sent.addBytes(byteLength(data), form.length);
      this.#sent.addMessage();
    } else if (form === null) this.#sent.addLeftAsItIs();
    return form;
  }

  /**
   * Makes the original of a whole message, synchronously or later; one at a time. The bytes are read until `done` is called, which is
   * in the async context of this call. Its errors have the `closeCode` for the peer: 1007 for data that are corrupt, 1009 for a message
   * of more than `maxPayload`, of which no more was made.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    this.#inflater.decompress(message, done);
  }

  /** Frees what belongs to the connection. What is under way, or waits, is not told any more. */
  close(): void {
    this.#deflater.close();
    this.#inflater.close();
  }
}

function isShorter(data: string | Uint8Array, threshold: number): boolean {
  if (data.length >= threshold) return false;
  return typeof data !== 'string' || byteLength(data) < threshold;
}
