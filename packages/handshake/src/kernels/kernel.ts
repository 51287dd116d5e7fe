// What the handshake needs from the runtime. `#kernels` selects the implementation: `node.ts` or `portable.ts`.

/** A running timer. */
export type Timer = object | number;

/** Operations for which a runtime may have something faster than plain JavaScript. */
export interface Kernel {
  /** Returns the SHA-1 of an ASCII text in base64. */
  sha1Base64(text: string): string;
  /** Returns 16 random bytes in base64 (RFC 6455 §4.1). */
  randomKey(): string;
  /** Decodes the bytes from `start` up to `end` (exclusive), one character per byte. */
  decodeLatin1(bytes: Uint8Array, start: number, end: number): string;
  /** Encodes a text of characters up to U+00FF, one byte per character. */
  encodeLatin1(text: string): Uint8Array;
  setTimeout(callback: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
}
