// A short churn.
import { expect, test } from 'vitest';
import { churnSummary, runChurn } from '../src/churn.ts';
import { peers } from '../src/peers.ts';

const MIB = 1024 * 1024;

test.each(['framewire', 'ws'])(
  'reports the memory of %s in each round, with and without connections',
  async (name) => {
    const peer = peers.find((each) => each.name === name)!;
    const begun: number[] = [];
    const { rounds } = await runChurn(peer, { rounds: 2, connections: 100 }, (round) => begun.push(round));
    expect(begun).toEqual([1, 2]);
    expect(rounds).toHaveLength(2);
    for (const { connected, left } of rounds) {
      expect(left.rss).toBeGreaterThan(0);
      // The objects of the connections have been freed.
      expect(left.heap).toBeLessThan(connected.heap);
    }
  },
);

test('the summary compares the resident memory after the last round with that after the first', () => {
  const round = (connected: number, left: number) => ({
    connected: { rss: connected * MIB, heap: 20 * MIB, external: 0 },
    left: { rss: left * MIB, heap: 10 * MIB, external: 0 },
  });
  const summaryOf = (last: number): string =>
    churnSummary({
      ...{ peer: 'framewire', runtime: 'Node 26.0.0', connections: 10_000 },
      rounds: [round(400, 100), round(500, 300), round(600, last)],
    });
  expect(summaryOf(110)).toContain('framewire, Node 26.0.0, 10,000 connections a round\n');
  expect(summaryOf(110)).toMatch(/│ +3 │ +600\.0 │ +20\.0 │ +110\.0 │ +10\.0 │/);
  expect(summaryOf(110)).toMatch(
    /RSS of the last round \/ the first: 1\.10 after all have left \(at most 1\.1: met\), 1\.50 before$/,
  );
  expect(summaryOf(111)).toContain('1.11 after all have left (at most 1.1: missed)');
});
