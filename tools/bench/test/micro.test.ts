// The micro-benchmarks of the codec's parts.
import { expect, test } from 'vitest';
import { microTable, runMicro } from '../src/micro.ts';

test('every part runs in the codec and in another library, in every size, and the two are shown together', async () => {
  const results = await runMicro(1);
  const ours = results.filter(({ peer }) => peer === 'codec');
  expect(new Set(ours.map(({ part }) => part)).size).toBeGreaterThan(5);
  for (const { part, size } of ours) {
    const others = results.filter(
      (each) => each.part === part && each.size === size && each.peer !== 'codec',
    );
    expect(others.map(({ ns }) => ns > 0)).toEqual([true]);
  }
  expect(
    microTable(results)
      .split('\n')
      .filter((line) => line.includes('decode, masked')),
  ).toHaveLength(4);
});
