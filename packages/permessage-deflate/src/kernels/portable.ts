// The kernel for browsers and other engines: plain arrays, web timers, no async contexts and no zlib.
import type { Kernel } from './kernel.ts';

const encoder = new TextEncoder();

declare const WebAssembly: { Module: new (bytes: Uint8Array) => unknown };

/** A module with a type that has a vector, because the engine uses those. */
const TRIAL = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b);
let isSupported: boolean | undefined;

/** Some runtimes have no WebAssembly. Others refuse to compile it, as browsers do where the page's policy forbids it. */
function canCompile(): boolean {
  try {
    return Boolean(new WebAssembly.Module(TRIAL));
  } catch {
    return false;
  }
}

export const kernel: Kernel = {
  allocate: (length) => new Uint8Array(length),
  // `slice()` of a `Buffer` would return a view.
  copy: (bytes) => new Uint8Array(bytes),
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
  isSupported: () => (isSupported ??= canCompile()),
  zlib: undefined,
};
