// Compression of an outgoing fragment, as a result or a promise of one.
import type { Extension, OutgoingPart } from '@framewire/codec';

/** The arguments with which the extension has called back. */
export interface Compressed {
  readonly error: Error | null;
  /** The data to send instead of the fragment; undefined if the extension leaves it as it is. */
  readonly data: Uint8Array | undefined;
  /** The extension's copy of the fragment, if it leaves it as it is. */
  readonly original: Uint8Array | undefined;
}

/** Compresses a fragment. If the extension calls back later, returns a promise, which never rejects. */
export function compress(extension: Extension, part: OutgoingPart): Compressed | Promise<Compressed> {
  // The callback must not reference the part, because the extension may keep the callback for a long time.
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
