// The page of results, and its pictures.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chartOf } from '../src/chart.ts';
import { committedResults, RESULTS_FOLDER } from '../src/committed.ts';
import { resultFiles } from '../src/page.ts';
import { scenarioTable, targetTable } from '../src/report.ts';
import type { RunResult } from '../src/results.ts';

/** A run of `echo-64x16` with these CPU times, one for each round. */
function runWith(cpu: Record<string, number[]>): RunResult {
  const results = Object.entries(cpu).map(([peer, values]) => ({
    ...{ peer, runtime: 'Node 20' },
    samples: values.map((value) => ({ cpu: value, rate: 1e6 / value })),
  }));
  return {
    machine: { date: '2026-01-31', node: '20.1.0' },
    rounds: 3,
    quick: false,
    scenarios: [{ scenario: 'echo-64x16', results, skipped: [{ peer: 'bun', reason: 'not here\nat all' }] }],
  };
}

test('the page has the machine, the verdicts, the figures and the skipped peers, and shows the picture', () => {
  const files = resultFiles(runWith({ framewire: [0.4, 0.5, 0.6], ws: [4.5, 4.5, 4.5] }));
  expect([...files.keys()]).toEqual(['results.json', 'echo-64x16.svg', 'README.md']);
  const page = files.get('README.md')!;
  expect(page).toContain('| date | 2026-01-31 |');
  expect(page).toContain('1 of 2 are met. 1 are met in some rounds only ("within the noise").');
  expect(page).toContain(
    '| echo-64x16 | CPU µs a message: ws / ours >= 9 | 9.00 | 7.50 to 11.25 | met, within the noise |',
  );
  expect(page).toContain('| framewire | Node 20 | 0.50 | 2,000,000 | 40 % | 0.11 | - |');
  expect(page).toContain('Bun was skipped: not here.');
  expect(page).toContain('(echo-64x16.svg)');
});

test('a run of one round has no spread and no range, and its verdicts name the single round', () => {
  const run = { ...runWith({ framewire: [0.5], ws: [8] }), rounds: 1 };
  const files = resultFiles(run);
  const page = files.get('README.md')!;
  expect(page).toContain('\nOf one round. [The page');
  expect(page).toContain('1 of 2 are met, in a single round. It does not show the noise.');
  expect(page).toContain('| echo-64x16 | CPU µs a message: ws / ours >= 9 | 16.00 | - | met in one round |');
  expect(page).toContain('| framewire | Node 20 | 0.50 | 2,000,000 | - | 0.06 | - |');
  const picture = files.get('echo-64x16.svg')!;
  expect(picture).toContain('>Node 20.1.0, 2026-01-31; one round<');
  expect(whiskersIn(picture)).toEqual([]);
  expect(scenarioTable(run.scenarios[0]!)).not.toContain('%');
  expect(targetTable(run)).toContain('met in one round');
});

function pictureWith(cpu: Record<string, number[]>): string {
  const run = runWith(cpu);
  return chartOf(run.scenarios[0]!, run)!;
}

test('the picture has a bar for each peer, names its unit, and is well-formed', () => {
  const near = pictureWith({ framewire: [4], ws: [5] });
  const far = pictureWith({ framewire: [0.4], ws: [5] });
  for (const text of [
    '>framewire<',
    '>ws with bufferutil<',
    '>5.00<',
    '>CPU µs a message; lower is better<',
  ]) {
    expect(near).toContain(text);
  }
  expect(far).toContain('logarithmic');
  // A quotation mark in an attribute would end it.
  for (const [tag] of far.matchAll(/<[^>]*>/g)) expect(tag.split('"').length % 2).toBe(1);
});

/** The lengths of a picture's whiskers. */
function whiskersIn(picture: string): number[] {
  const lines = picture.matchAll(/d="M([\d.]+) ([\d.]+)L([\d.]+) \2"[^>]*series_index="1"/g);
  return [...lines].map(([, left, , right]) => Number(right) - Number(left));
}

test('a whisker reaches from the lowest round to the highest, and the footer names the run', () => {
  const picture = pictureWith({ framewire: [2, 5, 6], ws: [7, 7, 8] });
  const lengths = whiskersIn(picture);
  const [ours, theirs] = lengths;
  expect(lengths).toHaveLength(2);
  expect(ours! / theirs!).toBeCloseTo(4, 1);
  expect(picture).toContain('>Node 20.1.0, 2026-01-31; medians of 3 rounds, lines from the lowest');
});

test('a scenario in which nothing was measured has no picture', () => {
  expect(chartOf({ scenario: 'push-64', results: [], skipped: [] }, runWith({}))).toBeUndefined();
});

test('spreads and ratios refer to the main figure of the scenario', () => {
  const samples = [
    { cpu: 9, p50: 20 },
    { cpu: 9, p50: 30 },
    { cpu: 9, p50: 40 },
  ];
  const results = [
    { peer: 'framewire', runtime: 'Node 20', samples },
    { peer: 'ws', runtime: 'Node 20', samples: [1, 2, 3].map(() => ({ cpu: 9, p50: 60 })) },
  ];
  const run = { ...runWith({}), scenarios: [{ scenario: 'ping-pong', results, skipped: [] }] };
  const files = resultFiles(run);
  expect([...files.keys()]).toEqual(['results.json', 'README.md']);
  expect(files.get('README.md')).toContain('| framewire | Node 20 | 9.00 | 30 | 67 % | 0.50 | - |');
});

test('the longest title fits to the left of the bars, and a picture does not depend on those drawn before', () => {
  /** The right end of the titles. */
  const endOf = (picture: string): number => Number(/"end"[^>]*translate\(([\d.]+) /.exec(picture)![1]);
  const long = pictureWith({ framewire: [4], 'bun-publish': [5] });
  // The width of the longest title at this size in DejaVu Sans, which is wider than most fonts.
  expect(long).toContain('>Bun, published to a topic<');
  expect(endOf(long)).toBeGreaterThan(162.4);
  expect(endOf(pictureWith({ framewire: [4], bun: [5] }))).toBeLessThan(100);
  expect(pictureWith({ framewire: [4], 'bun-publish': [5] })).toBe(long);
});

test('the page of results and its pictures show the committed results', () => {
  for (const [name, content] of resultFiles(committedResults()!)) {
    // If this fails, run `npm run bench -- --readme`.
    expect(readFileSync(join(RESULTS_FOLDER, name), 'utf8') === content, name).toBe(true);
  }
});
