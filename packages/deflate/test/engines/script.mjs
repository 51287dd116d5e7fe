// Compresses and inflates many messages, and prints a line that is the same in every engine.
import { Deflater, Inflater, deflate, inflate } from '@framewire/deflate';

// A hash of all output. It detects differences between engines, not attacks.
let high = 0x811c9dc5;
let count = 0;

function note(bytes) {
  count += bytes.length;
  for (const byte of bytes) high = Math.imul(high ^ byte, 0x01000193);
}

function message(length, seed) {
  let state = seed;
  return Uint8Array.from({ length }, (_, at) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return at % 7 < 4 ? 97 + (at % 13) : state >>> 24;
  });
}

function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

for (let level = 0; level <= 9; level++) {
  for (const length of [0, 1, 60, 700, 20_000, 70_000]) {
    const data = message(length, length + level);
    const stream = deflate(data, { level });
    note(stream);
    if (!same(inflate(stream).data, data)) throw new Error(`level ${level}, ${length} bytes`);
  }
  const deflater = new Deflater({ level, windowBits: 8 + (level % 8) });
  const inflater = new Inflater({ windowBits: 8 + (level % 8) });
  for (let index = 0; index < 30; index++) {
    const data = message(index * 37, index);
    const stream = deflater.deflate(data, 'sync');
    note(stream);
    if (!same(inflater.inflate(stream).data, data)) throw new Error(`level ${level}, message ${index}`);
  }
  deflater.close();
  inflater.close();
}
let code;
try {
  inflate(Uint8Array.of(0x07));
} catch (error) {
  code = error.code;
}
// eslint-disable-next-line no-console -- printing is the purpose of this script
console.log(`${count} bytes, ${(high >>> 0).toString(16)}, ${code}`);
