// The kernel for Node and for engines with its `Buffer`: views are Buffers, UTF-8 is native, `bufferutil` is used if installed.
import { Buffer, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import nodeModule from 'node:module';
import process, { env } from 'node:process';
import type { Kernel } from './kernel.ts';

// The class of the views that `buffer.subarray()` returns. Calling its constructor avoids the slow argument checks of that method.
const FastBuffer = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  bytes: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;

/** Up to this length a loop over the bytes is faster than a call of native code. */
const SHORT = 32;

/** The size of a WebAssembly memory is a multiple of this. */
const WASM_PAGE = 65_536;

/** The export of `bufferutil` that is used. It masks a buffer in place. */
interface BufferUtil {
  unmask(buffer: Uint8Array, mask: Uint8Array): void;
}

export const kernel: Kernel = {
  view,
  viewOf,
  allocate: (size) => Buffer.allocUnsafeSlow(size),
  pin(memory) {
    // Node 24 and later crash when a marked WebAssembly memory grows.
    if (memory.byteLength % WASM_PAGE === 0) return;
    markAsUntransferable ??= loadMark();
    markAsUntransferable(memory);
  },
  utf8Length: (text) => Buffer.byteLength(text),
  writeUtf8(target, offset, text) {
    if (text.length <= SHORT && writeAscii(target, offset, text)) return text.length;
    return asBuffer(target).write(text, offset);
  },
  // Not the global `crypto`, which is missing in some `node:vm` contexts and test environments.
  randomize(words) {
    randomFillSync(words);
  },
  nativeIsUtf8: isUtf8,
  nativeMask: nativeMask(loadBufferUtil()),
  // A shorter payload is masked faster in JavaScript, eight bytes in each step.
  nativeMaskFrom: 1024,
};

let markAsUntransferable: ((memory: ArrayBufferLike) => void) | undefined;

/** Loads `node:worker_threads` on first use, because loading it is slow. */
function loadMark(): (memory: ArrayBufferLike) => void {
  try {
    const { markAsUntransferable: mark } = process.getBuiltinModule('node:worker_threads');
    // In some engines the function only throws.
    mark(new ArrayBuffer(0));
    return mark;
  } catch {
    return () => {
      // Nothing is marked.
    };
  }
}

function view(bytes: Uint8Array, start: number, end: number): Buffer {
  return viewOf(bytes.buffer, bytes.byteOffset + start, end - start);
}

function viewOf(memory: ArrayBufferLike, offset: number, length: number): Buffer {
  return new FastBuffer(memory, offset, length);
}

/** Writes a string that is ASCII. Returns false if it is not. Then the content of the target is undefined. */
function writeAscii(target: Uint8Array, offset: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return false;
    target[offset + i] = unit;
  }
  return true;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : view(bytes, 0, bytes.length);
}

/** Loads the optional peer dependency `bufferutil`, unless it is missing or `WS_NO_BUFFER_UTIL` is set. */
function loadBufferUtil(): BufferUtil | undefined {
  try {
    // Inside of the try block, because Deno may refuse access to the environment.
    if (env['WS_NO_BUFFER_UTIL']) return undefined;
    // Not an `import`: webpack would resolve it, and warn if the package is missing.
    return nodeModule.createRequire(import.meta.url)('bufferutil') as BufferUtil;
  } catch {
    return undefined;
  }
}

function nativeMask(bufferUtil: Partial<BufferUtil> | null | undefined): Kernel['nativeMask'] {
  // A bundler may replace a package that is not installed with an empty module.
  if (typeof bufferUtil?.unmask !== 'function') return undefined;
  const native = bufferUtil as BufferUtil;
  const maskingKey = new Uint8Array(4);
  return (bytes, start, end, key) => {
    for (let i = 0; i < 4; i++) maskingKey[i] = key >>> (8 * i);
    native.unmask(view(bytes, start, end), maskingKey);
  };
}
