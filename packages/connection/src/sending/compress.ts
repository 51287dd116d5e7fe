// What an extension makes of an outgoing fragment, as a result or a promise of it.
import type { Extension, OutgoingPart } from '@framewire/codec';

/** What an extension called back with. */
export interface Compressed {
  readonly error: Error | null;
  /** What goes out instead of the fragment; undefined leaves it as it is. */
  readonly data: Uint8Array | undefined;
  /** The extension's copy of bytes that it leaves as they are. */
  readonly original: Uint8Array | undefined;
}

/** Has a fragment compressed. A promise, which does not reject, where the extension calls back later. */
export function compress(extension: Extension, part: OutgoingPart): Compressed | Promise<Compressed> {
  // Nothing here may hold the part: the callback may wait for long.
  let outcome: Compressed | undefined;
  let resolve: ((outcome: Compressed) => void) | undefined;
  extension.compress(part, (error, data, original) => {
    outcome = { error, data, original };
    resolve?.(outcome);
  });
  if (outcome !== undefined) return outcome;
  return new Promise((settle) => {
    resolve = settle;
  });
}
