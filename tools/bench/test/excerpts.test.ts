// The tables of committed results in READMEs and other pages.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { committedLines, committedResults } from '../src/committed.ts';
import { excerptTable, limitsTable, linesTable, pathOf, tablesOf, withTable } from '../src/excerpts.ts';
import type { RunResult, Sample, ScenarioResult } from '../src/results.ts';

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

test('a table of CPU time ends with the ratio of ws to ours, and has a dash for a missing figure', () => {
  expect(excerptTable(run, { ...one, metrics: ['cpu'] }).split('\n')).toEqual([
    '|  | framewire, CPU µs a message | Bun, CPU µs a message | ws / framewire |',
    '| --- | --- | --- | --- |',
    '| Push, 100 x 64 B to one connection in a loop | 0.40 | - | 12.0 |',
  ]);
  expect(excerptTable(run, { ...one, metrics: ['cpu', 'bytes'] })).toContain('| 0.40 | - | 66 | - |');
});

test('withTable() replaces only the table in its place, and throws if there is no such place', () => {
  const place = (name: string, table: string): string =>
    `<!-- figures: ${name} -->\n<!-- prettier-ignore-start -->\n\n${table}\n\n<!-- prettier-ignore-end -->\n`;
  const before = `begin\n${place('some', '| old |\n| --- |')}${place('other', '| kept |')}end`;
  expect(withTable(before, 'some', '| new |')).toBe(
    `begin\n${place('some', '| new |')}${place('other', '| kept |')}end`,
  );
  expect(() => withTable(before, 'third', '')).toThrow('There is no place for the figures "third".');
});

test('a table of Node versions has the main figure of ours and of ws, and their ratio', () => {
  const [scenario] = run.scenarios;
  const later = { ...run, machine: { node: '24.1.0' }, scenarios: [{ ...scenario!, scenario: 'tls-64x1' }] };
  expect(linesTable([{ ...run, machine: { node: '20.1.0' } }, later]).split('\n')).toEqual([
    '| framewire : ws (ws / framewire) | Node 20.1.0 | Node 24.1.0 |',
    '| --- | --- | --- |',
    '| Push, 100 x 64 B to one connection in a loop | 0.40 : 6.00 (12.0) | - |',
    '| Echo over TLS, 64 x 64 B x 1 | - | 0.40 : 6.00 (12.0) |',
  ]);
});

test('a table of Node versions includes the client of Node, and a ratio is bold if framewire takes more', () => {
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

test('a ratio is marked as rough if its rounds are on both sides of 1, and is then not bold', () => {
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
  expect(lineOf([100, 100, 100], [97, 97, 97])).toContain('| 100.00 : 97.00 (1.0) |');
});

test('the table of limits lists the targets that a run misses, with the ratio that raw sockets reach', () => {
  const version = (node: string, ours: number, theirs: number): RunResult => {
    const figures = { framewire: ours, ws: theirs, net: 0.5 };
    const results = Object.entries(figures).map(([peer, cpu]) => ({
      ...{ peer, runtime: '' },
      samples: samplesOf(cpu, cpu, cpu),
    }));
    const scenarios = ['push-64', 'push-1k'].map((scenario) => ({ scenario, results, skipped: [] }));
    return { ...run, machine: { node }, scenarios };
  };
  expect(limitsTable([version('20.1.0', 1, 20), version('24.1.0', 1, 10)]).split('\n')).toEqual([
    '| scenario | target | Node 20.1.0 | Node 24.1.0 | raw sockets |',
    '| --- | --- | --- | --- | --- |',
    '| `push-64` | CPU µs a message: ws / ours >= 15 | 20.00 (20.00 to 20.00) | **10.00 (10.00 to 10.00)** | 40.00 |',
  ]);
});

test('the limit of a ratio between two scenarios shows the ratio of raw sockets between the same two', () => {
  const scenario = (name: string, ours: number, net: number): ScenarioResult => ({
    ...{ scenario: name, skipped: [] },
    results: [
      { peer: 'framewire', runtime: '', samples: samplesOf(ours, ours, ours) },
      { peer: 'net', runtime: '', samples: samplesOf(net, net, net) },
    ],
  });
  const scenarios = [scenario('broadcast-16k', 10, 4), scenario('broadcast-deaf', 20, 5)];
  expect(limitsTable([{ ...run, scenarios }]).split('\n')[2]).toMatch(/\*\*2\.00 .* \| 1\.25 \|$/);
});

test('the tables of Node versions and of limits have a column for each line that has results', () => {
  const of = (node: string): RunResult => ({ ...run, machine: { node } });
  const tables = tablesOf(of('26.1.0'), [of('24.1.0'), of('22.1.0')]);
  const heads = ['node lines', 'limits'].map(
    (name) => tables.find((each) => each.name === name)!.content.split('\n')[0],
  );
  expect(heads[0]).toContain('Node 26.1.0 | Node 24.1.0 | Node 22.1.0');
  expect(heads[1]).toContain('Node 26.1.0 | Node 24.1.0 | Node 22.1.0 | raw sockets');
});

test('every page shows the committed results', () => {
  const results = committedResults();
  if (!results) throw new Error('No results are committed.');
  for (const { file, name, content } of tablesOf(results, committedLines())) {
    expect(content).not.toContain('NaN');
    const text = readFileSync(pathOf(file), 'utf8');
    // If this fails, run `npm run bench -- --readme`.
    expect(withTable(text, name, content), name).toBe(text);
  }
});

test('a table with broadcasts of Bun in a loop also has the published ones', () => {
  const tables = tablesOf(committedResults()!, []).map(({ content }) => content);
  const broadcasts = tables.filter((content) => /broadcast/i.test(content) && content.includes(' Bun,'));
  expect(broadcasts).toHaveLength(2);
  for (const content of broadcasts) expect(content).toContain(' Bun, published to a topic,');
});
