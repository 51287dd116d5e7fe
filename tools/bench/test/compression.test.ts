// What compression costs by itself.
import { expect, test } from 'vitest';
import { compressionTables, runCompression } from '../src/compression.ts';

test('each setting is measured for each content, each window and each place, and shown', async () => {
  const result = await runCompression(1, 16);
  expect(result.profiles).toHaveLength(15);
  for (const { bytes, wire, kilobytes } of result.profiles) {
    expect(wire).toBeGreaterThan(0);
    expect(wire).toBeLessThanOrEqual(bytes);
    expect(kilobytes).toBeGreaterThanOrEqual(0);
  }
  const kilobytesOf = (profile: string): number[] =>
    result.profiles.filter((row) => row.profile === profile).map(({ kilobytes }) => kilobytes);
  expect(Math.max(...kilobytesOf("'shared'"))).toBeLessThan(50);
  expect(Math.max(...kilobytesOf('true'))).toBeGreaterThan(100);
  const [largest, smallest] = [result.windows[0], result.windows.at(-1)];
  expect(largest!.compressor).toBeGreaterThan(smallest!.compressor);
  expect(result.places.map(({ size }) => size)).toEqual([512, 4096, 16384, 32768, 65536, 262144]);
  const lines = compressionTables(result).split('\n');
  expect(lines.filter((line) => line.includes("'shared'"))).toHaveLength(3);
}, 240_000);
