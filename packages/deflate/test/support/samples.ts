// Typical messages: JSON, text, numbers, and random bytes.
import { readFileSync } from 'node:fs';

/** Pseudorandom numbers from 0 up to 1, the same in each run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 1) / 2 ** 31;
  };
}

/** Records that differ in few fields, like those of an API. */
export function records(length: number): Buffer {
  let text = '';
  for (let id = 0; text.length < length; id++) {
    const user = `u${(id * 7919) % 1000}`;
    text += JSON.stringify({ id, user, text: 'hello world', at: 1.7e9 + id * 31, price: id * 1.37 });
  }
  return Buffer.from(text.slice(0, length));
}

/** Records that are mostly numbers without a pattern. */
export function trades(length: number): Buffer {
  const next = random(1);
  let text = '';
  while (text.length < length) {
    text += JSON.stringify({
      type: 'trade',
      symbol: ['BTC-USD', 'ETH-USD', 'SOL-EUR'][Math.floor(next() * 3)],
      price: (next() * 50_000).toFixed(2),
      side: next() < 0.5 ? 'buy' : 'sell',
      id: Math.floor(next() * 1e9),
      time: new Date(1.7e12 + next() * 1e9).toISOString(),
    });
  }
  return Buffer.from(text.slice(0, length));
}

/** Prose and markup: the READMEs of packages. */
export function prose(length: number): Buffer {
  const names = [
    'framewire',
    'server',
    'client',
    'connection',
    'codec',
    'handshake',
    'permessage-deflate',
    'deflate',
  ];
  const texts = names.map((name) => readFileSync(new URL(`../../../${name}/README.md`, import.meta.url)));
  return Buffer.concat(texts).subarray(0, length);
}

/** Source code. */
export function source(length: number): Buffer {
  const names = ['match-finder', 'inflate-block', 'block-writer', 'huffman-code', 'decoding-table', 'areas'];
  const text = names.map((name) => readFileSync(new URL(`../../assembly/${name}.ts`, import.meta.url)));
  return Buffer.concat(text).subarray(0, length);
}

/** Incompressible bytes. */
export function noise(length: number, seed = 7): Buffer {
  const next = random(seed);
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(next() * 256)));
}

/** Bytes that compress to a thousandth of their length. */
export function zeros(length: number): Buffer {
  return Buffer.alloc(length);
}

export const KINDS = { records, trades, prose, source, noise, zeros } as const;
