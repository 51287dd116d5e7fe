// Where measured processes spend their time.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { peers } from '../src/peers.ts';
import { profileTable, sharesOf } from '../src/profile.ts';
import { Bench } from '../src/run.ts';
import { scenarios } from '../src/scenarios.ts';

test('a run writes a profile of each peer on Node, and its table shows which code used the time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const some = peers.filter(({ name }) => ['framewire', 'ws', 'bun'].includes(name));
  const bench = await Bench.start({ rounds: 1, milliseconds: 300, warmUp: 5, profile: folder });
  try {
    const [result] = await bench.measure(
      scenarios.filter(({ name }) => name === 'echo-64x16'),
      some,
    );
    expect(result!.skipped).toEqual([]);
    expect(readdirSync(folder)).toEqual(['echo-64x16-framewire.cpuprofile', 'echo-64x16-ws.cpuprofile']);
    const lines = profileTable(folder, result!).split('\n');
    expect(lines.find((line) => line.includes('busy time'))).toMatch(/framewire +│ +ws │$/);
    const sharesIn = (place: string): number[] =>
      (lines.find((line) => line.includes(place))?.match(/[\d.]+/g) ?? []).map(Number);
    expect(sharesIn('│ connection ')[0]).toBeGreaterThan(0);
    expect(sharesIn('│ connection ')[1]).toBe(0);
    expect(sharesIn('│ ws ')[0]).toBe(0);
    expect(sharesIn('│ ws ')[1]).toBeGreaterThan(0);
    for (const share of sharesIn('system calls')) expect(share).toBeGreaterThan(1);
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true });
  }
});

test('idle time is not counted, and the rest is divided by place', () => {
  const frames = [
    ['(root)', ''],
    ['(idle)', ''],
    ['(program)', ''],
    ['(garbage collector)', ''],
    ['writev', ''],
    ['onread', 'node:internal/stream_base_commons'],
    ['push', 'file:///home/packages/x/node_modules/.pnpm/a@1/node_modules/@scope/lib/index.js'],
    ['next', 'file:///home/packages/codec/dist/kernels/node.js'],
    ['onMessage', 'file:///home/tools/bench/src/measured/ws-like.mjs'],
    ['processChunkSync', 'node:zlib'],
    ['wasm-function[4]', 'wasm://wasm/00011696'],
  ] as const;
  const shares = sharesOf({
    nodes: frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } })),
    samples: [1, 2, 3, 4, 5, 6, 7, 8, 4, 9, 10],
    timeDeltas: [1000, 1, 2, 10, 3, 4, 5, 6, 9, 7, 8],
  });
  expect([...shares].map(([place, share]) => [place, Math.round(share * 55)])).toEqual([
    ['system calls and native code', 19],
    ['WebAssembly', 8],
    ['zlib', 7],
    ['the program', 6],
    ['codec', 5],
    ['@scope/lib', 4],
    ["Node's own JavaScript", 3],
    ['garbage collector', 2],
    ['event loop, including reads', 1],
  ]);
});
