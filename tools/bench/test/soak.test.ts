// The soak, in short.
import { expect, test } from 'vitest';
import { runSoak, soakChart, soakSummary } from '../src/soak.ts';

test('messages of all sizes come back as they were sent, and memory is told for each second', async () => {
  const told: number[] = [];
  const result = await runSoak(2, (second) => told.push(second));
  expect(told).toEqual([1, 2]);
  expect(result).toMatchObject({ wrong: 0 });
  expect(result.connections).toBeGreaterThanOrEqual(64);
  expect(result.messages).toBeGreaterThan(100);
  expect(result.samples.map(([second]) => second)).toEqual([1, 2]);
  expect(soakSummary(result)).toMatch(/^[\d,]+ messages, .* 0 wrong echoes\nminute 1: [\d.]+ MiB resident/);
  expect(soakChart(result)).toContain('resident memory of the server in MiB');
});
