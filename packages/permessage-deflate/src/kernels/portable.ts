// The kernel for browsers and other engines: plain arrays, web timers, no async contexts and no zlib.
import type { Kernel } from './kernel.ts';

const encoder = new TextEncoder();

export const kernel: Kernel = {
  allocate: (length) => new Uint8Array(length),
  copy: (bytes) => bytes.slice(),
  encode: (text) => encoder.encode(text),
  utf8Length: (text) => encoder.encode(text).length,
  now: () => performance.now(),
  nextTick: (callback) => {
    queueMicrotask(callback);
  },
  setImmediate: (callback) => {
    setTimeout(callback, 0);
  },
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  inThisContext: (callback) => callback,
  zlib: undefined,
};
