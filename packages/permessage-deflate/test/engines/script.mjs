// Exchanges messages of many lengths between two ends, and prints a line that is the same in every engine.
import { PerMessageDeflate } from '@framewire/permessage-deflate';

let count = 0;

function message(length) {
  let state = length;
  return Uint8Array.from({ length }, (_, at) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return at % 7 < 4 ? 97 + (at % 13) : state >>> 24;
  });
}

function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function settled(start) {
  return new Promise((resolve, reject) => {
    start((error, data) => (error ? reject(error) : resolve(data)));
  });
}

async function exchange() {
  for (const takeover of [false, true]) {
    const direction = { windowBits: 12, takeover };
    const view = { deflate: direction, inflate: direction };
    const [sender, receiver] = [1, 2].map(() => new PerMessageDeflate(view, 0, { threshold: 0 }));
    for (const length of [1, 60, 700, 40_000, 2_000_000]) {
      const data = message(length);
      const compressed = await settled((done) => sender.compress({ data, first: true, fin: true }, done));
      if (compressed === undefined) continue;
      const restored = await settled((done) => receiver.decompress(compressed, done));
      if (!same(restored, data)) throw new Error(`${length} bytes`);
      count += compressed.length;
    }
    const text = 'é 東京 '.repeat(500);
    const compressed = await settled((done) => sender.compress({ data: text, first: true, fin: true }, done));
    const restored = await settled((done) => receiver.decompress(compressed, done));
    if (new globalThis.TextDecoder().decode(restored) !== text) throw new Error('text');
    sender.close();
    receiver.close();
  }
  return `${count} bytes`;
}

// eslint-disable-next-line no-console -- printing is the purpose of this script
exchange().then(console.log);
