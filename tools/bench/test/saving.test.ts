// Saving results, and merging them with earlier ones.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { droppedFrom, MAIN_LINE, resultsIn, withEarlier } from '../src/committed.ts';
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

test('draws only the picture that the README shows', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'push-64', 'echo-64x16'));
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'echo-64x16.svg', 'results.json']);
});

test('saves a run on the main line of Node with its picture and page', () => {
  expect(save(join(folder, 'new'), runOf(`${MAIN_LINE}.1.0`, 'echo-64x16'))).toEqual([]);
  expect(readdirSync(join(folder, 'new')).sort()).toEqual(['README.md', 'echo-64x16.svg', 'results.json']);
});

test('saves a run on another line of Node to its own file, and changes nothing else', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'echo-64x16'));
  const page = readFileSync(join(folder, 'README.md'), 'utf8');
  save(folder, runOf('24.2.0', 'echo-64x16', 'broadcast-x10'));
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'echo-64x16.svg', 'node-24.json', 'results.json']);
  expect(namesIn('node-24.json')).toEqual(['echo-64x16', 'broadcast-x10']);
  expect(namesIn('results.json')).toEqual(['echo-64x16']);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(page);
});

test('keeps scenarios that were measured in the same way, and drops the others with their pictures', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'echo-64x16'));
  expect(save(folder, runOf(`${MAIN_LINE}.1.0`, 'broadcast-x10'))).toEqual([]);
  expect(namesIn('results.json')).toEqual(['echo-64x16', 'broadcast-x10']);
  expect(save(folder, { ...runOf(`${MAIN_LINE}.1.0`, 'broadcast-x10'), rounds: 2 })).toEqual(['echo-64x16']);
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'results.json']);
});

test('removes the picture of an earlier run if every peer is skipped', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'echo-64x16', 'broadcast-x10'));
  const skipped = [{ peer: 'framewire', reason: 'not installed' }];
  const again = {
    ...runOf(`${MAIN_LINE}.1.0`),
    scenarios: [{ scenario: 'echo-64x16', results: [], skipped }],
  };
  save(folder, again);
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'results.json']);
});

test('returns dropped scenarios on another line of Node too, and keeps the picture', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'echo-64x16'));
  save(folder, runOf('24.2.0', 'echo-64x16'));
  expect(save(folder, runOf('24.3.0', 'broadcast-x10'))).toEqual(['echo-64x16']);
  expect(readdirSync(folder)).toContain('echo-64x16.svg');
});

test('replaces a scenario in results of the same day only', () => {
  const earlier = runOf(`${MAIN_LINE}.1.0`, 'echo-64x1', 'echo-64x16');
  const again = runOf(`${MAIN_LINE}.1.0`, 'echo-64x16');
  expect(withEarlier(earlier, again).scenarios).toEqual([earlier.scenarios[0], again.scenarios[0]]);
  expect(withEarlier(earlier, again).scenarios[1]).toBe(again.scenarios[0]);
  expect(withEarlier({ ...earlier, rounds: 5 }, again)).toEqual(again);
  expect(withEarlier({ ...earlier, machine: { date: '2026-01-30' } }, again)).toEqual(again);
  expect(withEarlier(undefined, again)).toEqual(again);
  expect(droppedFrom(earlier, again)).toEqual(['echo-64x1']);
  expect(droppedFrom(earlier, withEarlier(earlier, again))).toEqual([]);
});

test('rewrites the page and pictures from the results, and returns the files that changed', () => {
  save(folder, runOf(`${MAIN_LINE}.1.0`, 'echo-64x16', 'broadcast-x10'));
  const read = (): string[] => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const before = read();
  expect(rewritePage(folder)).toEqual([]);
  writeFileSync(join(folder, 'echo-64x16.svg'), 'an older one');
  rmSync(join(folder, 'README.md'));
  expect(rewritePage(folder)).toEqual(['echo-64x16.svg', 'README.md']);
  expect(read()).toEqual(before);
  expect(rewritePage(join(folder, 'nowhere'))).toEqual([]);
});

test('saves scenarios in the order of their list, also those of a first run', () => {
  save(folder, runOf('24.1.0', 'echo-1m', 'deflate-1m', 'broadcast-x1'));
  expect(namesIn('node-24.json')).toEqual(['echo-1m', 'broadcast-x1', 'deflate-1m']);
});

test('keeps scenarios that a target compares only together, because their rounds form pairs', () => {
  const earlier = runOf('24.1.0', 'echo-1m', 'push-64', 'deflate-1m');
  const again = runOf('24.1.0', 'deflate-1m');
  expect(withEarlier(earlier, again).scenarios.map(({ scenario }) => scenario)).toEqual([
    ...['push-64', 'deflate-1m'],
  ]);
});
