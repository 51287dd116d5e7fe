// What a run is compared with is read before it takes its place.
import { expect, test, vi } from 'vitest';

const order: string[] = [];

vi.mock('../src/committed.ts', () => ({ committedFor: () => void order.push('read') }));
vi.mock('../src/saving.ts', () => ({
  save: () => {
    order.push('saved');
    return [];
  },
}));
vi.mock('../src/run.ts', () => ({
  Bench: {
    start: () => ({
      measure: ({ name }: { name: string }) => {
        order.push('measured');
        return { scenario: name, results: [], skipped: [] };
      },
      stop: () => undefined,
    }),
  },
}));

test('results are read, then the run is measured, then it is saved', async () => {
  vi.stubGlobal('console', { log: () => undefined });
  process.argv = ['node', 'main.ts', '--quick', '--scenario', 'upgrade', '--save', 'results'];
  await import('../src/main.ts');
  expect(order).toEqual(['read', 'measured', 'saved']);
});
