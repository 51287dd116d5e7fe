// How far the ratios of a run can be trusted.
import { expect, test } from 'vitest';
import { noiseTable } from '../src/noise.ts';
import type { RunResult, ScenarioResult } from '../src/results.ts';

/** A scenario with these CPU times, one for each round. */
function scenarioOf(scenario: string, cpu: Record<string, number[]>): ScenarioResult {
  const results = Object.entries(cpu).map(([peer, values]) => ({
    ...{ peer, runtime: '' },
    samples: values.map((value) => ({ cpu: value })),
  }));
  return { scenario, results, skipped: [] };
}

function runOf(node: string, rounds: number, ...scenarios: ScenarioResult[]): RunResult {
  return { machine: { node }, rounds, quick: false, scenarios };
}

test('rough ratios are counted, and the widest spread and the furthest from the medians are named', () => {
  const run = runOf(
    ...(['20.1.0', 3] as const),
    // Ratios of 2, 2 and 2.2.
    scenarioOf('push-64', { framewire: [10, 10, 10], ws: [20, 20, 22] }),
    // Ratios of 8, 2 and 4; the medians say 4.
    scenarioOf('push-1k', { framewire: [10, 20, 10], ws: [80, 40, 40] }),
    // Ratios of 1.2, 2 and 1.1; the medians say 2.
    scenarioOf('echo-1k', { framewire: [10, 10, 40], ws: [12, 20, 44] }),
    scenarioOf('client-64', { framewire: [1, 1, 1] }),
  );
  expect(noiseTable([run]).split('\n')).toEqual([
    '| framewire and ws | Node 20.1.0 |',
    '| --- | --- |',
    '| rough ratios (≈) | 1 of 3 |',
    '| spread of a ratio over the rounds: median, widest | 75 %, `push-1k` (2.00 to 8.00) |',
    '| spread of a figure over the rounds: median | 100 % |',
    '| ratio and quotient of the medians: furthest apart | 1.7 times, `echo-1k` (1.20 and 2.00) |',
  ]);
});

test('a run of one round has no column', () => {
  const one = scenarioOf('push-64', { framewire: [10], ws: [20] });
  expect(noiseTable([runOf('20.1.0', 1, one), runOf('24.1.0', 2)])).toMatch(
    /^\| framewire and ws \| Node 24/,
  );
});
