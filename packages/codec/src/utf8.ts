// Validation of UTF-8, of a whole text or as it arrives (RFC 6455 §8.1, RFC 3629 §4).
import { kernel } from '#kernels';

/** Up to this length a loop over ASCII is faster than a call of native code. Most short messages are ASCII. */
const SHORT = 32;

/** Whether all of the bytes are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  if (bytes.length <= SHORT && skipAscii(bytes, 0, bytes.length) === bytes.length) return true;
  if (kernel.nativeIsUtf8 !== undefined) return kernel.nativeIsUtf8(bytes);
  const validator = new Utf8Validator();
  return validator.push(bytes, 0, bytes.length) && validator.atBoundary;
}

/** Returns the index of the first byte from `start` on that is not ASCII, or `end`. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (bytes[i] as number) < 0x80) i++;
  return i;
}

/** Returns the index of the last byte that starts a character. The previous character ends before it. */
function lastBoundary(bytes: Uint8Array, start: number, end: number): number {
  let i = end - 1;
  // A character has at most three continuation bytes, 80..BF.
  for (const last = Math.max(start, end - 4); i > last && ((bytes[i] as number) & 0xc0) === 0x80;) i--;
  return i;
}

/**
 * Validates UTF-8 as it arrives. It rejects the first byte that cannot be part of UTF-8, before the end of the character or the message.
 * Overlong forms, surrogates and code points above U+10FFFF are found at the byte after the lead byte.
 *
 * After a rejection, call {@link Utf8Validator.reset} to start again.
 */
export class Utf8Validator {
  /** How many continuation bytes the current character still needs. */
  #wanted = 0;
  /** The range of the next continuation byte. RFC 3629 §4 restricts the first one further. */
  #low = 0x80;
  #high = 0xbf;

  /** Whether the bytes so far end with a complete character. */
  get atBoundary(): boolean {
    return this.#wanted === 0;
  }

  /** Forgets the current character. */
  reset(): void {
    this.#wanted = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
  }

  /**
   * Takes the next bytes, from `start` up to `end` (exclusive).
   *
   * @returns false if the text is not UTF-8, whatever follows
   */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let i = start;
    while (i < end) {
      if (this.#wanted > 0) {
        if (!this.#continue(bytes[i++] as number)) return false;
      } else if (end - i > SHORT && kernel.nativeIsUtf8 !== undefined) {
        const boundary = lastBoundary(bytes, i, end);
        if (!kernel.nativeIsUtf8(kernel.view(bytes, i, boundary))) return false;
        return this.#pushSlowly(bytes, boundary, end);
      } else return this.#pushSlowly(bytes, i, end);
    }
    return true;
  }

  #pushSlowly(bytes: Uint8Array, start: number, end: number): boolean {
    for (let i = start; i < end; i++) {
      if (this.#wanted > 0) {
        if (!this.#continue(bytes[i] as number)) return false;
      } else {
        i = skipAscii(bytes, i, end);
        if (i < end && !this.#lead(bytes[i] as number)) return false;
      }
    }
    return true;
  }

  #continue(byte: number): boolean {
    if (byte < this.#low || byte > this.#high) return false;
    this.#wanted--;
    this.#low = 0x80;
    this.#high = 0xbf;
    return true;
  }

  /*
   * lead     continuation bytes   first of them
   * C2..DF   1                    80..BF
   * E0       2                    A0..BF         (less would be overlong)
   * E1..EF   2                    80..BF
   * ED       2                    80..9F         (more would be a surrogate)
   * F0       3                    90..BF         (less would be overlong)
   * F1..F3   3                    80..BF
   * F4       3                    80..8F         (more would be above U+10FFFF)
   */
  #lead(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#wanted = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte === 0xe0) this.#low = 0xa0;
    else if (byte === 0xed) this.#high = 0x9f;
    else if (byte === 0xf0) this.#low = 0x90;
    else if (byte === 0xf4) this.#high = 0x8f;
    return true;
  }
}
