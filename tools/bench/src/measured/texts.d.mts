/** The texts that servers push and broadcast, each of `size` bytes. */
export function newsTexts(size: number): string[];

/** The message that clients send, of `size` bytes. */
export function clientPayload(size: number): Buffer;
