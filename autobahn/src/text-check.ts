/** Checks that text is UTF-8 while it arrives (RFC 6455 §8.1). */

import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** Checks one text, chunk by chunk. Once invalid, a text stays invalid. */
export class TextCheck {
  #decoder: TextDecoder | null = null;
  #valid = true;

  /** Returns whether `octets` continue the text with valid UTF-8. They may end inside a character. */
  add(octets: Buffer): boolean {
    // A chunk that begins and ends between two characters needs no decoder.
    if (this.#valid && !this.#decoder && isUtf8(octets)) return true;
    this.#decoder ??= new TextDecoder('utf-8', { fatal: true });
    return this.#decode(octets, true);
  }

  /** Returns whether the whole text is valid, now that it ends here. */
  end(): boolean {
    return this.#valid && (!this.#decoder || this.#decode(Buffer.alloc(0), false));
  }

  #decode(octets: Buffer, stream: boolean): boolean {
    try {
      if (this.#valid) this.#decoder?.decode(octets, { stream });
    } catch {
      this.#valid = false;
    }
    return this.#valid;
  }
}
