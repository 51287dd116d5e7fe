// The cost of compression by itself.
import { expect, test } from 'vitest';
import { compressionTables, runCompression } from '../src/compression.ts';
import { median } from '../src/statistics.ts';

test('each setting is measured for each content, window and place, and shown', async () => {
  const result = await runCompression(1, 16);
  expect(result.profiles).toHaveLength(15);
  for (const { bytes, wire } of result.profiles) {
    expect(wire).toBeGreaterThan(0);
    expect(wire).toBeLessThanOrEqual(bytes);
  }
  // With so few connections, a figure may be far off or negative, but the median is not.
  const memoryOf = (keepsContexts: boolean) =>
    median(
      result.profiles
        .filter(({ profile }) => (profile === 'true' || profile === 'level 6') === keepsContexts)
        .map(({ kilobytes }) => kilobytes),
    );
  expect(memoryOf(true)).toBeGreaterThan(40);
  expect(Math.abs(memoryOf(false))).toBeLessThan(40);
  // With so few connections, the memory of each cannot be told from the noise.
  expect(result.windows.map(({ windowBits }) => windowBits)).toEqual([15, 13, 12, 10, 9]);
  for (const { compressor, inflater } of result.windows) expect(compressor + inflater).not.toBeNaN();
  expect(result.places.map(({ size }) => size)).toEqual([512, 4096, 16384, 32768, 65536, 262144]);
  const lines = compressionTables(result).split('\n');
  expect(lines.filter((line) => line.includes("'shared'"))).toHaveLength(3);
}, 240_000);
