// What compression costs by itself.
import { expect, test } from 'vitest';
import { compressionTables, runCompression } from '../src/compression.ts';

test('each setting is measured for each content, each window and each place, and shown', async () => {
  const result = await runCompression(1);
  expect(result.profiles).toHaveLength(9);
  for (const { bytes, wire, kilobytes } of result.profiles) {
    expect(wire).toBeGreaterThan(0);
    expect(wire).toBeLessThanOrEqual(bytes);
    expect(kilobytes).toBeGreaterThan(0);
  }
  const kilobytesOf = (profile: string): number[] =>
    result.profiles.filter((row) => row.profile === profile).map(({ kilobytes }) => kilobytes);
  expect(Math.max(...kilobytesOf("'shared'"))).toBeLessThan(3);
  expect(Math.max(...kilobytesOf('true'))).toBeGreaterThan(100);
  const compressors = result.windows.map(({ compressor }) => compressor);
  expect(compressors).toEqual([...compressors].sort((a, b) => b - a));
  expect(result.places.map(({ size }) => size)).toEqual([512, 4096, 16384, 32768, 65536, 262144]);
  const lines = compressionTables(result).split('\n');
  expect(lines.filter((line) => line.includes("'shared'"))).toHaveLength(3);
}, 60_000);
