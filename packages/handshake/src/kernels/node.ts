// The kernel for Node: native hashing, random keys from a pool, text through `Buffer`, and Node's timers. They are taken when the module
// loads, as in the connection: fakes that replace the globals afterwards stop no tunnel, and those of jsdom are not Node's.
import { Buffer } from 'node:buffer';
import { hash, randomFillSync } from 'node:crypto';
import timers from 'node:timers';
import type { Kernel } from './kernel.ts';

const { setTimeout, clearTimeout } = timers;

const KEY_BYTES = 16;

// One request to the system for many keys takes much less time than one request per key (benchmark scenario `upgrade`).
const pool = Buffer.allocUnsafeSlow(256 * KEY_BYTES);
let used = pool.length;

export const kernel: Kernel = {
  // Faster than `createHash`, which creates an object.
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
  setTimeout,
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};
