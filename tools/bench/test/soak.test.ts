// A short soak.
import { expect, test } from 'vitest';
import { runSoak, soakSummary } from '../src/soak.ts';

test('echoes messages of all sizes, and reports memory every second', async () => {
  const reported: number[] = [];
  const result = await runSoak(2, (second) => reported.push(second));
  expect(reported).toEqual([1, 2]);
  expect(result).toMatchObject({ wrong: 0 });
  expect(result.connections).toBeGreaterThanOrEqual(64);
  expect(result.messages).toBeGreaterThan(100);
  expect(result.samples.map(([second]) => second)).toEqual([1, 2]);
  expect(soakSummary(result)).toMatch(/^[\d,]+ messages, .* 0 wrong echoes\nminute 1: [\d.]+ MiB resident/);
});
