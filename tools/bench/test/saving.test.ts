// What is written to a folder of results, and what becomes of earlier ones.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { droppedFrom, resultsIn, withEarlier } from '../src/committed.ts';
import type { RunResult } from '../src/results.ts';
import { rewritePage, save } from '../src/saving.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run of these scenarios on a version of Node. */
function runOf(node: string, ...names: string[]): RunResult {
  const results = [{ peer: 'framewire', runtime: '', samples: [{ cpu: 1 }] }];
  const scenarios = names.map((scenario) => ({ scenario, results, skipped: [] }));
  return { machine: { date: '2026-01-31', node }, rounds: 1, quick: false, scenarios };
}

const namesIn = (file: string): string[] | undefined =>
  resultsIn(folder, file)?.scenarios.map(({ scenario }) => scenario);

test('a run on the Node at hand is written with its pictures and its page', () => {
  expect(save(join(folder, 'new'), runOf('20.1.0', 'push-64'), '20.1.0')).toEqual([]);
  expect(readdirSync(join(folder, 'new')).sort()).toEqual(['README.md', 'push-64.svg', 'results.json']);
});

test('a run on another line of Node is written to a file of its own, and touches nothing else', () => {
  save(folder, runOf('20.1.0', 'push-64'), '20.1.0');
  const page = readFileSync(join(folder, 'README.md'), 'utf8');
  save(folder, runOf('24.2.0', 'push-64', 'push-1k'), '20.1.0');
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'node-24.json', 'push-64.svg', 'results.json']);
  expect(namesIn('node-24.json')).toEqual(['push-64', 'push-1k']);
  expect(namesIn('results.json')).toEqual(['push-64']);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(page);
});

test('scenarios that were made in the same way stay, others are dropped with their pictures', () => {
  save(folder, runOf('20.1.0', 'push-64'), '20.1.0');
  expect(save(folder, runOf('20.1.0', 'push-1k'), '20.1.0')).toEqual([]);
  expect(namesIn('results.json')).toEqual(['push-64', 'push-1k']);
  expect(save(folder, { ...runOf('20.1.0', 'push-1k'), rounds: 2 }, '20.1.0')).toEqual(['push-64']);
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'push-1k.svg', 'results.json']);
});

test('where every peer is skipped the picture of an earlier run goes', () => {
  save(folder, runOf('20.1.0', 'push-64', 'push-1k'), '20.1.0');
  const skipped = [{ peer: 'framewire', reason: 'It is gone.' }];
  const again = { ...runOf('20.1.0'), scenarios: [{ scenario: 'push-64', results: [], skipped }] };
  save(folder, again, '20.1.0');
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'push-1k.svg', 'results.json']);
});

test('on another line of Node, too, what is dropped is told, and no picture goes', () => {
  save(folder, runOf('20.1.0', 'push-64'), '20.1.0');
  save(folder, runOf('24.2.0', 'push-64'), '20.1.0');
  expect(save(folder, runOf('24.3.0', 'push-1k'), '20.1.0')).toEqual(['push-64']);
  expect(readdirSync(folder)).toContain('push-64.svg');
});

test('a scenario that was run again takes its place among those of the same day, and of no other', () => {
  const earlier = runOf('20.1.0', 'echo-64x1', 'push-64');
  const again = runOf('20.1.0', 'push-64');
  expect(withEarlier(earlier, again).scenarios).toEqual([earlier.scenarios[0], again.scenarios[0]]);
  expect(withEarlier(earlier, again).scenarios[1]).toBe(again.scenarios[0]);
  expect(withEarlier({ ...earlier, rounds: 5 }, again)).toBe(again);
  expect(withEarlier({ ...earlier, machine: { date: '2026-01-30' } }, again)).toBe(again);
  expect(withEarlier(undefined, again)).toBe(again);
  expect(droppedFrom(earlier, again)).toEqual(['echo-64x1']);
  expect(droppedFrom(earlier, withEarlier(earlier, again))).toEqual([]);
});

test('page and pictures are written again from the results that are there, and what has changed is told', () => {
  save(folder, runOf('20.1.0', 'push-64', 'push-1k'), '20.1.0');
  const read = (): string[] => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const before = read();
  expect(rewritePage(folder)).toEqual([]);
  writeFileSync(join(folder, 'push-1k.svg'), 'an older one');
  rmSync(join(folder, 'README.md'));
  expect(rewritePage(folder)).toEqual(['push-1k.svg', 'README.md']);
  expect(read()).toEqual(before);
  expect(rewritePage(join(folder, 'nowhere'))).toEqual([]);
});
