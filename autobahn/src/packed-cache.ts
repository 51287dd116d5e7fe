/**
 * Compressed messages kept for later cases: five cases of a group send the same messages, cut into fragments of different
 * sizes, and compressing is most of the work of a run.
 */

/** Octets that are kept at most. */
const MAX_OCTETS = 160 * 1024 * 1024;

/** Keeps whole sequences of messages, the latest ones first. */
export class PackedCache {
  readonly #sequences = new Map<string, { messages: readonly Buffer[]; octets: number }>();
  #octets = 0;

  /** Returns the messages for a key if there are `count` of them, else null. */
  get(key: string, count: number): readonly Buffer[] | null {
    const found = this.#sequences.get(key);
    return found && found.messages.length >= count ? found.messages : null;
  }

  set(key: string, messages: readonly Buffer[]): void {
    this.#drop(key);
    const octets = messages.reduce((sum, { length }) => sum + length, 0);
    this.#sequences.set(key, { messages, octets });
    this.#octets += octets;
    // A map yields its oldest key first.
    for (const oldest of this.#sequences.keys()) {
      if (this.#octets <= MAX_OCTETS) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#octets -= this.#sequences.get(key)?.octets ?? 0;
    this.#sequences.delete(key);
  }
}
