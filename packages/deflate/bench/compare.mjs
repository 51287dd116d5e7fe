// Compares the built engine with zlib, by length, in CPU time: node packages/deflate/bench/compare.mjs
/* eslint-disable no-console -- printing is the purpose of this script */
import { Deflater, Inflater, deflate, inflate } from '@framewire/deflate';
import { DeflateRaw, InflateRaw } from 'minizlib';
import { Buffer } from 'node:buffer';
import process from 'node:process';
import zlib, { constants } from 'node:zlib';

const ROUNDS = 9;
/** The smallest number of bytes that each contender compresses per round. */
const BYTES = 1_000_000;
const TAIL = Buffer.from('0000ffff', 'hex');

/** Records like those of an API. */
function records(length) {
  let text = '';
  for (let id = 0; text.length < length; id++) {
    const user = `u${(id * 7919) % 1000}`;
    text += JSON.stringify({ id, user, text: 'hello world', at: 1.7e9 + id * 31, price: id * 1.37 });
  }
  return Buffer.from(text.slice(0, length));
}

/** zlib, called synchronously. */
function zlibOf(stream) {
  let chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return {
    run(data) {
      chunks = [];
      stream.write(data);
      return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    },
    reset: () => stream.reset(),
  };
}

function medianTimes(runs, count) {
  const times = Object.keys(runs).map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of Object.values(runs).entries()) {
      const start = process.cpuUsage();
      for (let turn = 0; turn < count; turn++) run();
      const { user, system } = process.cpuUsage(start);
      times[index].push((user + system) / count);
    }
  }
  const medians = times.map((list) => list.sort((a, b) => a - b)[ROUNDS >> 1].toFixed(2));
  return Object.fromEntries(Object.keys(runs).map((name, index) => [name, medians[index]]));
}

console.log(
  `Node ${process.versions.node}, zlib ${process.versions.zlib}, microseconds of CPU, medians of ${ROUNDS} rounds`,
);
const allocate = Buffer.allocUnsafe;
for (const length of [64, 512, 4096, 16_384, 65_536]) {
  const data = records(length);
  const packed = zlib.deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
  const message = packed.subarray(0, -4);
  const sizes = [1, 6, 9].map((level) => deflate(data, { level, flush: 'sync' }).length);
  const zlibSizes = [6, 9].map(
    (level) => zlib.deflateRawSync(data, { level, finishFlush: constants.Z_SYNC_FLUSH }).length,
  );
  const [zlib6, zlib4] = [6, 4].map((level) =>
    zlibOf(new DeflateRaw({ level, flush: constants.Z_FULL_FLUSH })),
  );
  const inflater = zlibOf(new InflateRaw({ flush: constants.Z_SYNC_FLUSH }));
  const takeover = new Deflater({ level: 1, allocate });
  const takeoverZlib = zlibOf(new DeflateRaw({ flush: constants.Z_SYNC_FLUSH }));
  const sender = new Deflater({ allocate });
  const messages = Array.from({ length: 200 }, () => sender.deflate(data, 'sync'));
  const receivers = [new Inflater({ allocate }), zlibOf(new InflateRaw({ flush: constants.Z_SYNC_FLUSH }))];
  const next = [0, 0];
  const times = medianTimes(
    {
      'zlib 6': () => zlib6.run(data),
      'zlib 4': () => zlib4.run(data),
      'ours 1': () => deflate(data, { level: 1, flush: 'sync', allocate }),
      'ours 6': () => deflate(data, { flush: 'sync', allocate }),
      'ours 9': () => deflate(data, { level: 9, flush: 'sync', allocate }),
      'zlib inflate': () => {
        inflater.run(packed);
        inflater.reset();
      },
      'ours inflate': () => inflate(message, { tail: TAIL, allocate }),
      'zlib 6 takeover': () => takeoverZlib.run(data),
      'ours 1 takeover': () => takeover.deflate(data, 'sync'),
      'zlib inflate takeover': () => {
        if (next[1] === 0) receivers[1].reset();
        receivers[1].run(messages[next[1]]);
        next[1] = (next[1] + 1) % messages.length;
      },
      'ours inflate takeover': () => {
        if (next[0] === 0) receivers[0].reset();
        receivers[0].inflate(messages[next[0]]);
        next[0] = (next[0] + 1) % messages.length;
      },
    },
    Math.ceil(BYTES / length),
  );
  console.log(
    `${length}: ${Object.entries(times)
      .map(([name, time]) => `${name} ${time}`)
      .join(', ')}; bytes: ours 1, 6, 9: ${sizes.join(', ')}; zlib 6, 9: ${zlibSizes.join(', ')}`,
  );
}
