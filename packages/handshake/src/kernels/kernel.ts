// What the handshake asks of the engine it runs in. `node.ts` and `portable.ts` answer, chosen by `#kernels`.

/** The few operations for which an engine may have something faster than plain JavaScript. */
export interface Kernel {
  /** The SHA-1 of an ASCII text, in base64. */
  sha1Base64(text: string): string;
  /** 16 random bytes (RFC 6455 §4.1), in base64. */
  randomKey(): string;
  /** The bytes from `start` to before `end` as text, one character a byte. */
  decodeLatin1(bytes: Uint8Array, start: number, end: number): string;
  /** A text whose characters are at most U+00FF as bytes, one byte a character. */
  encodeLatin1(text: string): Uint8Array;
}
