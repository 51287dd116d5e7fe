// The kernel for Node (and the engines that offer its modules). Ticks and timers are taken when the module loads: a test that replaces
// the globals with fakes afterwards must not stop connections, and a test environment such as jsdom has globals with the same names that
// are not Node's.
import { AsyncResource } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import currentProcess from 'node:process';
import timers from 'node:timers';
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import type { Kernel, ZlibPiece } from './kernel.ts';

// Jest gives modules a copy of `process`, which may hold fakes already when the module loads. Not every runtime has the function.
const { getBuiltinModule } = currentProcess as Partial<Pick<NodeJS.Process, 'getBuiltinModule'>>;
const process = getBuiltinModule?.('node:process') ?? currentProcess;

const { setImmediate, setTimeout: startTimer } = timers;

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
  zlib: {
    deflate: (data, options) => deflateRawSync(data, flushing(options)),
    deflateLater(data, options, done) {
      deflateRaw(data, flushing(options), done);
    },
  },
};

/** zlib takes an option that is undefined for a wrong one. */
function flushing(options: ZlibPiece): ZlibOptions {
  const defined = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(defined), finishFlush: constants.Z_SYNC_FLUSH };
}
