// Cuts bytes into chunks. The result of reading must not depend on the cuts.
import { between, createRandom } from '@framewire/contract/random';

/** Cuts bytes at places that a seed chooses. Some chunks are empty. Each chunk is a copy. */
export function splitAnywhere(bytes: Uint8Array, seed: number): Uint8Array[] {
  const random = createRandom(seed);
  const longest = between(random, 1, Math.max(1, bytes.length));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + between(random, random() < 0.1 ? 0 : 1, longest);
    chunks.push(bytes.slice(at, end));
    at = end;
  }
  return chunks;
}

/** Cuts bytes into chunks of one byte. Each chunk is a copy. */
export function splitBytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.slice(at, at + 1));
}
