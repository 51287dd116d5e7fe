// The order of a run: earlier results are read before they are replaced, and what was measured is saved even if the run fails.
import { beforeEach, expect, test, vi } from 'vitest';

const order: string[] = [];

vi.mock('../src/committed.ts', () => ({
  MAIN_LINE: '26',
  committedFor: () => void order.push('read'),
}));
vi.mock('../src/saving.ts', () => ({
  save: () => {
    order.push('saved');
    return [];
  },
}));
vi.mock('../src/run.ts', () => ({
  Bench: {
    start: () => ({
      measure: (group: { name: string }[]) => {
        if (group.some(({ name }) => name === 'push-1k')) throw new Error('The load generator is gone.');
        order.push('measured');
        return group.map(({ name }) => ({ scenario: name, results: [], skipped: [] }));
      },
      stop: () => undefined,
    }),
  },
}));

beforeEach(() => {
  order.length = 0;
  vi.resetModules();
  vi.stubGlobal('console', { log: () => undefined });
});

function run(scenario: string): Promise<unknown> {
  process.argv = ['node', 'main.ts', '--quick', '--scenario', scenario, '--save', 'results'];
  return import('../src/main.ts');
}

test('results are read, then the run is measured, then it is saved', async () => {
  await run('upgrade');
  expect(order).toEqual(['read', 'measured', 'saved']);
});

test('if a run fails, what it has measured is saved', async () => {
  await expect(run('push')).rejects.toThrow('The load generator is gone.');
  expect(order).toEqual(['read', 'measured', 'saved']);
});
