// Bytes cut into chunks: what is read must not depend on where.
import { between, createRandom } from '@framewire/contract/random';

/** Bytes in chunks, some of them empty, at places that a seed chooses. Each chunk is a copy. */
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

/** Bytes in chunks of one. */
export function splitBytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.slice(at, at + 1));
}
