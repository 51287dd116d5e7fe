/** What servers push and broadcast, each text of so many bytes. */
export function newsTexts(size: number): string[];

/** What clients send, of so many bytes. */
export function clientPayload(size: number): Buffer;
