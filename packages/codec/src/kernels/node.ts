// The kernel for Node (and the engines that offer its Buffer): views as Buffers, native UTF-8, bufferutil.
import { Buffer, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import nodeModule from 'node:module';
import process, { env } from 'node:process';
import type { Kernel } from './kernel.ts';

// What `buffer.subarray` makes, without its argument checks: 1.4 times as fast, measured on Node 20.
const FastBuffer = (Buffer as unknown as Record<symbol, unknown>)[Symbol.species] as new (
  bytes: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;

/** Up to this length a loop over the bytes beats a call into native code. */
const SHORT = 32;

/** The memory of a WebAssembly module is a whole number of pages. */
const WASM_PAGE = 65_536;

/** What `bufferutil` exports, of which only this is used: masks a buffer in place. */
interface BufferUtil {
  unmask(buffer: Uint8Array, mask: Uint8Array): void;
}

export const kernel: Kernel = {
  view,
  viewOf,
  allocate: (size) => Buffer.allocUnsafeSlow(size),
  pin(memory) {
    // Node 24 and later crash when a WebAssembly memory grows that was marked.
    if (memory.byteLength % WASM_PAGE === 0) return;
    markAsUntransferable ??= loadMark();
    markAsUntransferable(memory);
  },
  // From Node 22 on.
  free(memory) {
    (memory as { transfer?: (length: number) => unknown }).transfer?.(0);
  },
  utf8Length: (text) => Buffer.byteLength(text),
  writeUtf8(target, offset, text) {
    if (text.length <= SHORT && writeAscii(target, offset, text)) return text.length;
    return asBuffer(target).write(text, offset);
  },
  // Not the global `crypto`, which a `node:vm` context or a test environment may lack.
  randomize(words) {
    randomFillSync(words);
  },
  nativeIsUtf8: isUtf8,
  nativeMask: nativeMask(loadBufferUtil()),
  // Below that the call costs more than masking eight bytes a step does (measured on Node 20, x86-64).
  nativeMaskFrom: 1024,
};

let markAsUntransferable: ((memory: ArrayBufferLike) => void) | undefined;

/** Loads `node:worker_threads` when it is needed first: it takes as long to load as this package. */
function loadMark(): (memory: ArrayBufferLike) => void {
  try {
    const { markAsUntransferable: mark } = process.getBuiltinModule('node:worker_threads');
    // Some engines have the function only to throw.
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

/** Writes a string as long as it is ASCII; false when it is not, with nothing to rely on in the target. */
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

/** The optional peer dependency `bufferutil`, unless it is missing or `WS_NO_BUFFER_UTIL` is set. */
function loadBufferUtil(): BufferUtil | undefined {
  try {
    // Inside of the attempt, as Deno may refuse to tell the environment.
    if (env['WS_NO_BUFFER_UTIL']) return undefined;
    // webpack follows a createRequire that is imported by name, and would warn of the package wherever it is missing.
    return nodeModule.createRequire(import.meta.url)('bufferutil') as BufferUtil;
  } catch {
    return undefined;
  }
}

function nativeMask(bufferUtil: Partial<BufferUtil> | null | undefined): Kernel['nativeMask'] {
  // A bundler may have put an empty module in the place of one that is not installed.
  if (typeof bufferUtil?.unmask !== 'function') return undefined;
  const native = bufferUtil as BufferUtil;
  const maskingKey = new Uint8Array(4);
  return (bytes, start, end, key) => {
    for (let i = 0; i < 4; i++) maskingKey[i] = key >>> (8 * i);
    native.unmask(view(bytes, start, end), maskingKey);
  };
}
