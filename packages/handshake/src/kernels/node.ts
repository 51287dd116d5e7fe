// The kernel for Node: native hashing, random keys from a pool, text through `Buffer`, and Node's timers. The timers are read from
// `node:timers` when the module loads, as in `@framewire/connection`. So fake timers that replace the globals later, and the globals of
// jsdom, do not affect a tunnel.
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
