// Compresses whole messages that stand alone, once for all connections with the same agreement.
import { kernel } from './kernels/kernel.ts';
import { callAll } from './calls.ts';
import { Deflater, type DeflateDone, type DeflaterOptions } from './deflater.ts';
import type { Counter } from './statistics.ts';

/** How many texts of one turn are kept. */
const MAX_TEXTS = 16;

/** A text and its compressed form. */
interface CompressedText {
  readonly text: string;
  /** The callbacks that wait for it; `undefined` once it is done. */
  waiting: DeflateDone[] | undefined;
  error: Error | null;
  compressed: Uint8Array | undefined;
}

/** A whole message that is sent on many connections, and its compressed forms. */
export interface SharedMessage {
  /** Text, or bytes that never change. */
  readonly data: string | Uint8Array;
  /** The compressed forms, by compressor; `null` means that the message is sent uncompressed. */
  readonly forms: WeakMap<object, Uint8Array | null>;
}

/** The key of a text's UTF-8 bytes among the forms of its message. */
const BYTES = {};

/**
 * Compresses a text only once if it goes to many connections in one turn of the event loop. A string cannot change, so equal strings are
 * the same message. All callers get the same object, so that they can also share frames of it.
 */
export class SharedCompressor {
  readonly #options: DeflaterOptions;
  #texts: CompressedText[] = [];

  /** @param options without takeover */
  constructor(options: DeflaterOptions) {
    this.#options = options;
  }

  /** @param counter counts the time, if this call is the first one for the text */
  compress(text: string, counter: Counter, done: DeflateDone): void {
    const known = this.#texts.find((entry) => entry.text === text);
    if (known !== undefined) {
      if (known.waiting !== undefined) known.waiting.push(kernel.inThisContext(done));
      else done(known.error, known.compressed);
      return;
    }
    const entry: CompressedText = { text, waiting: [done], error: null, compressed: undefined };
    // The deflater belongs to no connection, because the first caller may close before it is done.
    const deflater = new Deflater(this.#options, counter);
    deflater.compress({ data: text, first: true, fin: true }, (error, compressed) => {
      const { waiting = [] } = entry;
      Object.assign(entry, { waiting: undefined, error, compressed });
      callAll(
        waiting.map((each) => () => {
          each(error, compressed);
        }),
      );
    });
    // Not earlier: if the call above throws, no other connection must wait for the entry.
    this.#remember(entry);
    // A callback needs its async context only if it has to wait.
    if (entry.waiting !== undefined) entry.waiting = [kernel.inThisContext(done)];
  }

  /** Compresses a message once for all connections. Returns `undefined` if it is too long to be compressed synchronously. */
  compressShared({ data, forms }: SharedMessage, counter: Counter): Uint8Array | null | undefined {
    const known = forms.get(this);
    if (known !== undefined) return known;
    const deflater = new Deflater(this.#options, counter);
    if (!deflater.isShort(byteLength(data))) return undefined;
    let form: Uint8Array | null | undefined;
    deflater.compress({ data, first: true, fin: true }, (error, compressed) => {
      if (error === null) form = compressed ?? null;
    });
    // The caller falls back to compress(), which reports the error.
    if (form !== undefined) forms.set(this, form);
    return form;
  }

  #remember(entry: CompressedText): void {
    if (this.#texts.length === 0) {
      kernel.nextTick(() => {
        this.#texts = [];
      });
    }
    if (this.#texts.length === MAX_TEXTS) this.#texts.shift();
    this.#texts.push(entry);
  }
}

/** Returns the length of text or bytes, in bytes. */
export function byteLength(data: string | Uint8Array): number {
  return typeof data === 'string' ? kernel.utf8Length(data) : data.length;
}

/** Returns the bytes of a message. A text is encoded only once. */
export function bytesOf({ data, forms }: SharedMessage): Uint8Array {
  if (typeof data !== 'string') return data;
  const bytes = forms.get(BYTES) ?? kernel.encode(data);
  forms.set(BYTES, bytes);
  return bytes;
}
