// The command, run as a child process, and its line of progress.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { versionOfNode } from '../src/machine.ts';
import { lineOf, MAIN_LINE } from '../src/committed.ts';
import { ProgressLine } from '../src/progress.ts';
import type { RunResult } from '../src/results.ts';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function bench(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, ...words], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

test('an unknown name is reported in one line, with the exit code 2', () => {
  expect(bench('--peers', 'nobody')).toEqual({
    code: 2,
    out: '',
    err: 'There is no peer "nobody". --list prints their names.\n',
  });
});

test.each(['/nowhere/node', import.meta.dirname, '/bin/sh'])('%s is refused as a Node binary', (path) => {
  expect(() => versionOfNode(path)).toThrow(
    `--node must be the path of a Node binary, and "${path}" is not one.`,
  );
});

test('prints results as JSON with --json, no progress without a terminal, and why one round is not compared', () => {
  const { code, out, err } = bench(
    '--quick',
    '--rounds',
    '1',
    '--scenario',
    'push-64',
    '--peers',
    'net',
    '--json',
  );
  expect({ code, err }).toEqual({
    code: 0,
    err: 'One round: the noise is unknown, so nothing is compared.\n',
  });
  const run = JSON.parse(out) as RunResult;
  expect(run.machine).toMatchObject({ node: process.versions.node, ws: expect.stringMatching(/^\d+\.\d+/) });
  expect(run.scenarios.map(({ scenario, results }) => [scenario, results[0]?.peer])).toEqual([
    ['push-64', 'net'],
  ]);
});

test('a quick run with --save writes its files, and prints why it is not compared', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const words = ['--quick', '--rounds', '2', '--scenario', 'push-64', '--peers', 'framewire'];
    const { code, out } = bench(...words, '--save', folder);
    expect(code).toBe(0);
    expect(out).toContain('Nothing could be compared: ');
    const line = lineOf(process.versions.node);
    expect(readdirSync(folder).sort()).toEqual(
      line === MAIN_LINE ? ['README.md', 'results.json'] : [`node-${line}.json`],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('progress is one line of a terminal, cut to its width, and is cleared at the end', () => {
  const written: string[] = [];
  const line = new ProgressLine({ isTTY: true, columns: 10, write: (text) => written.push(text) });
  line.show('a long scenario');
  line.clear();
  expect(written).toEqual(['\ra long sc\u001b[K', '\r\u001b[K']);
});

test('nothing is written to a stream that is not a terminal', () => {
  const written: string[] = [];
  const line = new ProgressLine({ write: (text) => written.push(text) });
  line.show('text');
  line.clear();
  expect(written).toEqual([]);
});
