// The kernel for Node, and for runtimes that offer its modules. It captures the functions for ticks and timers when the module loads, so
// that fake timers of a test do not stop connections. A test environment such as jsdom also replaces the globals with its own.
import { AsyncResource } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import currentProcess from 'node:process';
import timers from 'node:timers';
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import type { Kernel, ZlibSettings } from './kernel.ts';

// Jest gives modules a copy of `process` that may already hold fakes. Some runtimes do not have this function.
const { getBuiltinModule } = currentProcess as Partial<Pick<NodeJS.Process, 'getBuiltinModule'>>;
const process = getBuiltinModule?.('node:process') ?? currentProcess;

const { setImmediate, setTimeout: startTimer } = timers;

declare const WebAssembly: { Module: new () => object };

let mayCompile = false;

/**
 * Returns whether the embedder allows compiling WebAssembly. A context of `node:vm` may forbid it. V8 checks this before it reads the
 * argument, so the call passes no bytes: compiling a real module would cost the process time and memory.
 */
function canCompile(): boolean {
  try {
    return Boolean(new WebAssembly.Module());
  } catch (error) {
    return (error as Error).name !== 'CompileError';
  }
}

export const kernel: Kernel = {
  allocate: (length) => Buffer.allocUnsafe(length),
  copy: (bytes) => Buffer.from(bytes),
  encode: (text) => Buffer.from(text),
  utf8Length: (text) => Buffer.byteLength(text),
  now: performance.now.bind(performance),
  nextTick: process.nextTick.bind(process),
  setImmediate,
  setTimeout: (callback, milliseconds) => startTimer(callback, milliseconds).unref(),
  inThisContext(callback) {
    const resource = new AsyncResource('PerMessageDeflate');
    return (...args) => {
      resource.runInAsyncScope(callback, undefined, ...args);
    };
  },
  isSupported: () => typeof WebAssembly === 'object' && (mayCompile ||= canCompile()),
  zlib: {
    deflate: (data, options) => deflateRawSync(data, flushing(options)),
    deflateLater(data, options, done) {
      deflateRaw(data, flushing(options), done);
    },
  },
};

/** zlib rejects options that are set to undefined. */
function flushing(options: ZlibSettings): ZlibOptions {
  const defined = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(defined), finishFlush: constants.Z_SYNC_FLUSH };
}
