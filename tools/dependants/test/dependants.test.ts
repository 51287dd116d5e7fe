import { beforeAll, describe, expect, test } from 'vitest';
import { install } from '../src/installation.ts';
import { isSkipped, layOutScenarios, runScenario, scenarios } from '../src/scenario.ts';
import { copiesOfWs } from '../src/tree.ts';

/** An installation without a cache on a busy machine. */
const INSTALLING = 600_000;

let folder = '';

beforeAll(async () => {
  folder = await install('framewire');
  await layOutScenarios(folder);
}, INSTALLING);

describe('What was written for ws, installed with our packed packages in its place', () => {
  test('finds ours, once, and no ws anywhere', () => {
    expect(copiesOfWs(folder)).toEqual([expect.stringMatching(/^framewire@/)]);
  });

  for (const name of scenarios()) {
    test
      .skipIf(isSkipped(name))
      .concurrent(
        `${name} works, over our connections alone, and lets its program end`,
        { timeout: INSTALLING },
        async ({ expect: expectHere }) => {
          const { output, ...result } = await runScenario(folder, name);
          expectHere(result, output).toMatchObject({ failed: 0, ended: true, used: ['framewire'] });
          expectHere(result.passed, output).toBeGreaterThan(0);
        },
      );
  }
});
