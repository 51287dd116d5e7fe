// The figures in the READMEs are those of the committed results.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { committedLines, committedResults } from '../src/committed.ts';
import { excerptTable, linesTable, pathOf, tablesOf, withTable } from '../src/excerpts.ts';
import type { RunResult, Sample } from '../src/results.ts';

const samplesOf = (...cpu: number[]): Sample[] => cpu.map((value) => ({ cpu: value, bytes: 66 }));

// The ratios of the rounds are 15, 12 and 10; that of the medians is 15.
const run: RunResult = {
  machine: {},
  rounds: 3,
  quick: false,
  scenarios: [
    {
      scenario: 'push-64',
      results: [
        { peer: 'framewire', runtime: '', samples: samplesOf(0.4, 1, 0.1) },
        { peer: 'ws', runtime: '', samples: samplesOf(6, 12, 1) },
      ],
      skipped: [],
    },
  ],
};
const one = { file: 'README.md', name: 'some', scenarios: ['push-64'], peers: ['framewire', 'bun'] };

test('a table of CPU time ends with how many times ours that of ws is; what was not measured is a dash', () => {
  expect(excerptTable(run, { ...one, metrics: ['cpu'] }).split('\n')).toEqual([
    '|  | framewire, CPU µs a message | Bun, CPU µs a message | ws / framewire |',
    '| --- | --- | --- | --- |',
    '| Push, 100 x 64 B to one connection in a loop | 0.40 | - | 12.0 |',
  ]);
  expect(excerptTable(run, { ...one, metrics: ['cpu', 'bytes'] })).toContain('| 0.40 | - | 66 | - |');
});

test('a table takes its place and no other, whatever was there, and a missing place is told', () => {
  const place = (name: string, table: string): string =>
    `<!-- figures: ${name} -->\n<!-- prettier-ignore-start -->\n\n${table}\n\n<!-- prettier-ignore-end -->\n`;
  const before = `begin\n${place('some', '| old |\n| --- |')}${place('other', '| kept |')}end`;
  expect(withTable(before, 'some', '| new |')).toBe(
    `begin\n${place('some', '| new |')}${place('other', '| kept |')}end`,
  );
  expect(() => withTable(before, 'third', '')).toThrow('There is no place for the figures "third".');
});

test('a table of lines of Node has the first figure of ours and of ws in each scenario, and how many times as much theirs is', () => {
  const [scenario] = run.scenarios;
  const later = { ...run, machine: { node: '24.1.0' }, scenarios: [{ ...scenario!, scenario: 'tls-64x1' }] };
  expect(linesTable([{ ...run, machine: { node: '20.1.0' } }, later]).split('\n')).toEqual([
    '| framewire : ws (ws / framewire) | Node 20.1.0 | Node 24.1.0 |',
    '| --- | --- | --- |',
    '| Push, 100 x 64 B to one connection in a loop | 0.40 : 6.00 (12.0) | - |',
    '| Echo over TLS, 64 x 64 B x 1 | - | 0.40 : 6.00 (12.0) |',
  ]);
});

test('of clients that of Node stands beside the two, and a ratio is bold where framewire takes more', () => {
  const result = {
    ...{ scenario: 'client-1m', skipped: [] },
    results: [
      { peer: 'framewire', runtime: '', samples: samplesOf(20) },
      { peer: 'ws', runtime: '', samples: samplesOf(10) },
      { peer: 'node', runtime: '', samples: samplesOf(60) },
    ],
  };
  expect(linesTable([{ ...run, scenarios: [result] }])).toContain(
    '| Client sends of 1 MiB | 20.00 : 10.00 : 60.00 (**0.5**, 3.0) |',
  );
  const alone = { ...result, results: result.results.slice(0, 1) };
  expect(linesTable([{ ...run, scenarios: [alone] }])).toContain('| Client sends of 1 MiB | - |');
});

test('a ratio whose rounds lie on both sides of 1 is marked as rough, and is never bold', () => {
  const lineOf = (ours: number[], theirs: number[]): string => {
    const results = [
      { peer: 'framewire', runtime: '', samples: samplesOf(...ours) },
      { peer: 'ws', runtime: '', samples: samplesOf(...theirs) },
    ];
    const scenarios = [{ scenario: 'push-64', skipped: [], results }];
    return linesTable([{ ...run, scenarios }]).split('\n')[2]!;
  };
  expect(lineOf([10, 10, 10], [7, 7, 9])).toContain('| 10.00 : 7.00 (**0.7**) |');
  expect(lineOf([10, 10, 10], [7, 7, 11])).toContain('| 10.00 : 7.00 (≈0.7) |');
  expect(lineOf([10, 20, 30], [40, 20, 30])).toContain('| 20.00 : 30.00 (≈1.0) |');
});

test('every README shows the committed results', () => {
  const results = committedResults();
  if (!results) throw new Error('No results are committed.');
  for (const { file, name, content } of tablesOf(results, committedLines())) {
    expect(content).not.toContain('NaN');
    const text = readFileSync(pathOf(file), 'utf8');
    // Where this fails, `npm run bench -- --readme` is what mends it.
    expect(withTable(text, name, content), name).toBe(text);
  }
});

test('where a table has a broadcast of Bun in a loop, it has the published one beside it', () => {
  const tables = tablesOf(committedResults()!, []).map(({ content }) => content);
  const broadcasts = tables.filter((content) => /broadcast/i.test(content) && content.includes(' Bun,'));
  expect(broadcasts).toHaveLength(2);
  for (const content of broadcasts) expect(content).toContain(' Bun, published to a topic,');
});
