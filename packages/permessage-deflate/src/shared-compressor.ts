// Compressing whole messages that stand alone: the same for all connections that agreed on the same.
import { kernel } from '#kernels';
import { Deflater, type DeflateDone, type DeflaterOptions } from './deflater.ts';
import type { Counter } from './statistics.ts';

/** How many texts of one turn are remembered. */
const MAX_TEXTS = 16;

/** A text, and what became of it. */
interface CompressedText {
  readonly text: string;
  /** Who waits for it; undefined when it is there. */
  waiting: DeflateDone[] | undefined;
  error: Error | null;
  compressed: Uint8Array | undefined;
}

/** A whole message that is sent on many connections, and what was made of it so far. */
export interface SharedMessage {
  /** Text, or bytes that never change. */
  readonly data: string | Uint8Array;
  /** By what it depends on; null for a message that is sent as it is. */
  readonly forms: WeakMap<object, Uint8Array | null>;
}

/** What the bytes of a text are found by among the forms of its message. */
const BYTES = {};

/**
 * Compresses a text that goes to many connections in one turn of the event loop once. A string cannot change, so the same
 * string is the same message; what is given is the same object for all, so that whoever frames it can share that too.
 */
export class SharedCompressor {
  readonly #options: DeflaterOptions;
  #texts: CompressedText[] = [];

  /** @param options without takeover */
  constructor(options: DeflaterOptions) {
    this.#options = options;
  }

  /** @param counter counts the time, if this is the first call for the text */
  compress(text: string, counter: Counter, done: DeflateDone): void {
    const known = this.#texts.find((entry) => entry.text === text);
    if (known !== undefined) {
      if (known.waiting !== undefined) known.waiting.push(kernel.inThisContext(done));
      else done(known.error, known.compressed);
      return;
    }
    const entry: CompressedText = { text, waiting: [done], error: null, compressed: undefined };
    this.#remember(entry);
    // Of nobody's connection: that of who came first may close before it is done.
    const deflater = new Deflater(this.#options, counter);
    deflater.compress({ data: text, first: true, fin: true }, (error, compressed) => {
      const { waiting = [] } = entry;
      Object.assign(entry, { waiting: undefined, error, compressed });
      tellAll(waiting, error, compressed);
    });
    // Only what has to wait needs its context captured.
    if (entry.waiting !== undefined) entry.waiting = [kernel.inThisContext(done)];
  }

  /** Compresses a message once for all connections; undefined if it is too long to be compressed synchronously. */
  compressShared({ data, forms }: SharedMessage, counter: Counter): Uint8Array | null | undefined {
    const known = forms.get(this);
    if (known !== undefined) return known;
    const deflater = new Deflater(this.#options, counter);
    if (!deflater.isShort(byteLength(data))) return undefined;
    let form: Uint8Array | null | undefined;
    deflater.compress({ data, first: true, fin: true }, (error, compressed) => {
      if (error === null) form = compressed ?? null;
    });
    // An error is reported by compress(), which the caller turns to.
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

/** The length of text or bytes, in bytes. */
export function byteLength(data: string | Uint8Array): number {
  return typeof data === 'string' ? kernel.utf8Length(data) : data.length;
}

/** The bytes of a message; those of a text are made once. */
export function bytesOf({ data, forms }: SharedMessage): Uint8Array {
  if (typeof data !== 'string') return data;
  const bytes = forms.get(BYTES) ?? kernel.encode(data);
  forms.set(BYTES, bytes);
  return bytes;
}

/** Tells each, also behind one who throws. */
function tellAll(
  waiting: readonly DeflateDone[],
  error: Error | null,
  compressed: Uint8Array | undefined,
): void {
  let told = 0;
  try {
    for (const each of waiting) {
      told++;
      each(error, compressed);
    }
  } finally {
    if (told < waiting.length) tellAll(waiting.slice(told), error, compressed);
  }
}
