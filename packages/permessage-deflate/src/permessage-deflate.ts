// The extension as a connection uses it: decides when to compress, and counts the results.
import { sharedSettings, type SharedSettings } from './shared-settings.ts';
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

/** permessage-deflate on one connection (RFC 7692 §7.2). */
export class PerMessageDeflate {
  readonly name = EXTENSION_NAME;
  /** Whether connections may get the same object for the same text. */
  readonly sharesTexts: boolean;
  readonly #settings: SharedSettings;
  readonly #deflater: Deflater;
  readonly #inflater: Inflater;
  readonly #sent = new Counter(processCounters.sent);
  readonly #received = new Counter(processCounters.received);
  #isClosed = false;

  /**
   * @param view the agreement, as `roleView()` returns it for this end
   * @param maxPayload the longest message, in bytes; 0 = no limit
   */
  constructor(view: RoleView, maxPayload: number, options: TransformOptions = NO_OPTIONS) {
    this.#settings = sharedSettings(view, maxPayload, options);
    this.sharesTexts = !this.#settings.deflate.takeover;
    this.#deflater = new Deflater(this.#settings.deflate, this.#sent);
    this.#inflater = new Inflater(this.#settings.inflate, this.#received);
  }

  /** A snapshot of what has been compressed and inflated so far, and the time spent on it. */
  get statistics(): CompressionStatistics {
    return { sent: this.#sent.snapshot(), received: this.#received.snapshot() };
  }

  /**
   * Compresses a fragment, synchronously or later. Calls must not overlap. For the first fragment, the result `undefined` means: send
   * the whole message uncompressed. It is shorter than the threshold, or would not shrink. Connections may get the same object for
   * the same text, so the caller must not change it.
   *
   * The caller may change its bytes after the call has returned. `done` runs in the async context of this call.
   */
  compress(part: Part, done: DeflateDone): void {
    const { data, first, fin } = part;
    // There is nothing to compress in an empty message. But an empty first fragment may start a long message.
    if (first && isShorter(data, Math.max(this.#settings.threshold, fin ? 1 : 0))) {
      this.#sent.addSentUncompressed();
      done(null);
      return;
    }
    // The callback must not keep `data` alive while it waits.
    const length = byteLength(data);
    let hasReturned = false;
    const finish: DeflateDone = (error, compressed, original) => {
      // The shared compressor serves other connections, too, so it calls back even if this one has closed.
      if (hasReturned && this.#isClosed) return;
      if (compressed !== undefined) {
        this.#sent.addBytes(length, compressed.length);
        if (fin) this.#sent.addMessage();
      } else if (error === null) this.#sent.addSentUncompressed();
      done(error, compressed, original);
    };
    if (typeof data === 'string' && first && fin && this.sharesTexts) {
      this.#settings.compressor.compress(data, this.#sent, finish);
    } else this.#deflater.compress(part, finish);
    hasReturned = true;
  }

  /**
   * Compresses a whole message that goes to many connections, once for all that have the same agreement. They get the same object. `null`
   * means: send the message uncompressed. `undefined` means: call {@link PerMessageDeflate.compress}. The caller must send the result as
   * the next message of the connection. With context takeover, the result does not refer to earlier messages, but later ones may refer to
   * it.
   */
  compressShared(message: SharedMessage): Uint8Array | null | undefined {
    const { compressor, threshold } = this.#settings;
    const { data } = message;
    const form = isShorter(data, Math.max(threshold, 1))
      ? null
      : compressor.compressShared(message, this.#sent);
    if (form) {
      if (!this.sharesTexts) this.#deflater.remember(bytesOf(message));
      this.#sent.addBytes(byteLength(data), form.length);
      this.#sent.addMessage();
    } else if (form === null) this.#sent.addSentUncompressed();
    return form;
  }

  /**
   * Inflates a whole message, synchronously or later. Calls must not overlap. The bytes are read until `done` is called, in the async
   * context of this call. Errors have the `closeCode` for the peer.
   */
  decompress(message: Uint8Array, done: InflateDone): void {
    this.#inflater.decompress(message, done);
  }

  /** Frees the memory of the connection. Pending callbacks are not called. */
  close(): void {
    this.#isClosed = true;
    this.#deflater.close();
    this.#inflater.close();
  }
}

function isShorter(data: string | Uint8Array, threshold: number): boolean {
  if (data.length >= threshold) return false;
  return typeof data !== 'string' || byteLength(data) < threshold;
}
