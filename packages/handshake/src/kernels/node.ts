// The kernel for Node: native hashing, random keys from a pool, text through `Buffer`.
import { Buffer } from 'node:buffer';
import { hash, randomFillSync } from 'node:crypto';
import type { Kernel } from './kernel.ts';

const KEY_BYTES = 16;

// Asking the system for 16 bytes takes about 2.5 µs; from a pool that is filled in one go it is 0.07 µs.
const pool = Buffer.allocUnsafeSlow(256 * KEY_BYTES);
let used = pool.length;

export const kernel: Kernel = {
  // In one call 0.3 µs, with `createHash` 0.7 µs.
  sha1Base64: (text) => hash('sha1', text, 'base64'),
  randomKey() {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const start = used;
    used += KEY_BYTES;
    return pool.toString('base64', start, used);
  },
  decodeLatin1: (bytes, start, end) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end),
  encodeLatin1: (text) => Buffer.from(text, 'latin1'),
};
