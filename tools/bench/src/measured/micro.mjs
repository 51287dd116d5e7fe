// Measures parts of the codec by themselves, or the equivalents in ws, bufferutil and Node, with tinybench on plain Node.
import { isUtf8 as nativeIsUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';
import {
  applyMask,
  copyMasked,
  firstByte,
  FrameDecoder,
  isUtf8,
  MAX_HEADER_SIZE,
  Opcode,
  randomMaskingKey,
  writeFrame,
} from '@framewire/codec';
import { Bench } from 'tinybench';
import { Receiver, Sender } from 'ws';
import { serveDriver, task } from './control.mjs';

const requireHere = createRequire(import.meta.url);
// Not loaded in the process that measures the codec, because the codec would use it.
const bufferutil = task.ours ? undefined : requireHere('bufferutil');

/** How many operations run before the clock is read, because reading it costs as much as the cheapest operation. */
const BATCH = 64;
const SIZES = [16, 64, 1024, 65_536];
const KEY = 0x3d21fa37;
const KEY_BYTES = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const BINARY = firstByte(Opcode.BINARY, true, false);

/** The parts, and the libraries that have them. Each function creates the operation for a size. */
const parts = {
  'mask in place': {
    codec: (size) => {
      const bytes = Buffer.alloc(size, 'abc');
      return () => applyMask(bytes, 0, size, KEY);
    },
    bufferutil: (size) => {
      const bytes = Buffer.alloc(size, 'abc');
      return () => bufferutil.unmask(bytes, KEY_BYTES);
    },
  },
  'mask while copying': {
    codec: (size) => {
      const [source, target] = [Buffer.alloc(size, 'abc'), Buffer.alloc(size)];
      return () => copyMasked(source, 0, size, target, 0, KEY);
    },
    bufferutil: (size) => {
      const [source, target] = [Buffer.alloc(size, 'abc'), Buffer.alloc(size)];
      return () => bufferutil.mask(source, KEY_BYTES, target, 0, size);
    },
  },
  'validate ASCII': validators('plain text; '),
  'validate other text': validators('Grüße из 東京 🌍; '),
  'encode, unmasked': {
    codec: (size) => {
      const [payload, slab] = [Buffer.alloc(size), Buffer.alloc(size + MAX_HEADER_SIZE)];
      return () => writeFrame(slab, 0, BINARY, payload, undefined);
    },
    ws: (size) => {
      const payload = Buffer.alloc(size);
      return () => Sender.frame(payload, { fin: true, rsv1: false, opcode: 2, mask: false, readOnly: true });
    },
  },
  'encode, masked': {
    codec: (size) => {
      const [payload, slab] = [Buffer.alloc(size), Buffer.alloc(size + MAX_HEADER_SIZE)];
      return () => writeFrame(slab, 0, BINARY, payload, randomMaskingKey());
    },
    ws: (size) => {
      const payload = Buffer.alloc(size);
      return () => Sender.frame(payload, { fin: true, rsv1: false, opcode: 2, mask: true, readOnly: true });
    },
  },
  'decode, masked': {
    codec: (size) => {
      const decoder = new FrameDecoder({ role: 'server' });
      const chunk = frame(size);
      return () => {
        decoder.push(chunk);
        if (decoder.next() === undefined || decoder.next() !== undefined) throw new Error('not one frame');
      };
    },
    ws: (size) => {
      const receiver = new Receiver({ isServer: true });
      const chunk = frame(size);
      receiver.on('message', () => {});
      return () => receiver.write(chunk);
    },
  },
};

/** Text of `size` bytes. Spaces fill the bytes into which a character does not fit. */
function text(phrase, size) {
  const bytes = Buffer.alloc(size, ' ');
  bytes.write(phrase.repeat(Math.ceil(size / phrase.length)));
  return bytes;
}

function validators(phrase) {
  return {
    codec: (size) => {
      const bytes = text(phrase, size);
      return () => isUtf8(bytes);
    },
    node: (size) => {
      const bytes = text(phrase, size);
      return () => nativeIsUtf8(bytes);
    },
  };
}

/** A masked frame. Decoders unmask it in place, so every second time they mask it again. */
function frame(size) {
  const target = Buffer.alloc(size + MAX_HEADER_SIZE);
  return target.subarray(0, writeFrame(target, 0, BINARY, Buffer.alloc(size), KEY));
}

function batched(operation) {
  return () => {
    for (let i = 0; i < BATCH; i++) operation();
  };
}

/** Whether bufferutil was loaded. */
function hasBufferutil() {
  return Object.keys(requireHere.cache).some((path) => path.includes('/node_modules/bufferutil/'));
}

/** Nanoseconds of a part for each size: the median of the batches that run within these milliseconds. */
async function run({ part, milliseconds }) {
  if (hasBufferutil() === task.ours)
    throw new Error('bufferutil is loaded for the codec, or is not loaded for the others');
  const rows = [];
  const measured = Object.entries(parts[part]).filter(([peer]) => (peer === 'codec') === task.ours);
  for (const size of SIZES) {
    const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2, iterations: 4 });
    for (const [peer, make] of measured) bench.add(peer, batched(make(size)));
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.state !== 'completed') throw new Error(`${part}, ${name}: ${result.error ?? result.state}`);
      rows.push({ part, size, peer: name, ns: (result.latency.p50 * 1e6) / BATCH });
    }
  }
  return rows;
}

serveDriver(Object.keys(parts), { run });
