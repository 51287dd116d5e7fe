// What compression costs by itself.
import { expect, test } from 'vitest';
import { compressionTables, runCompression } from '../src/compression.ts';

test('each setting is measured for each content, each window and each place, and shown', async () => {
  const result = await runCompression(1, 16);
  expect(result.profiles).toHaveLength(15);
  for (const { bytes, wire } of result.profiles) {
    expect(wire).toBeGreaterThan(0);
    expect(wire).toBeLessThanOrEqual(bytes);
  }
  // Of so few connections what is nothing may come out as some tens of KB, or as less than none; contexts are far more.
  for (const { profile, kilobytes } of result.profiles) {
    const keepsContexts = profile === 'true' || profile === 'level 6';
    expect([profile, Math.abs(kilobytes) > 100]).toEqual([profile, keepsContexts]);
  }
  const [largest, smallest] = [result.windows[0], result.windows.at(-1)];
  expect(largest!.compressor).toBeGreaterThan(smallest!.compressor);
  expect(result.places.map(({ size }) => size)).toEqual([512, 4096, 16384, 32768, 65536, 262144]);
  const lines = compressionTables(result).split('\n');
  expect(lines.filter((line) => line.includes("'shared'"))).toHaveLength(3);
}, 240_000);
