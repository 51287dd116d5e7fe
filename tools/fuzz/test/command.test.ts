// The command: its arguments, its exit code, its output, the files that it writes, and a target that hangs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { runCommand } from '../src/command.ts';
import { readCorpus } from '../src/corpus.ts';
import { hex } from '../src/input.ts';
import { watch } from '../src/watch.ts';

const ODD = new URL('./fixtures/odd-targets.ts', import.meta.url).href;

let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-fuzz-'));
  printed = '';
  const print = (text: unknown): boolean => (printed += `${String(text)}\n`) !== '';
  vi.spyOn(console, 'log').mockImplementation(print);
  vi.spyOn(console, 'error').mockImplementation(print);
  vi.spyOn(process.stdout, 'write').mockImplementation(print);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const run = (...list: string[]): Promise<number> => runCommand([...list, '--corpus', folder], ODD);

describe('The command', () => {
  test('exits with 0 if nothing is found, and adds to the corpus with --grow', async () => {
    expect(await run('--target', 'well', '--seed', '3', '--runs', '200', '--grow')).toBe(0);
    expect(printed).toMatch(/^seed 3\nwell +200 inputs +\d+\/s +4 outcomes/m);
    const grown = readCorpus(folder, 'well');
    expect(grown.map(({ remark }) => remark).sort()).toEqual([0, 1, 2, 3].map((way) => `starts with ${way}`));
    expect(grown.every(({ input }) => input.length === 1 || input.length === 0)).toBe(true);
    expect(await run('--target', 'well', '--seed', '3', '--runs', '200', '--grow')).toBe(0);
    expect(readCorpus(folder, 'well')).toHaveLength(4);
  });

  test('exits with 1 after a finding, which it prints and adds to the corpus', async () => {
    expect(await run('--target', 'sevens', '--seed', '3', '--runs', '200')).toBe(1);
    const [entry] = readCorpus(folder, 'sevens');
    expect(hex(entry!.input)).toMatch(/^(?:7[0-9a-f]|[0-9a-f]7)$/);
    expect(entry!.remark).toBe('has a seven');
    expect(printed).toContain('FOUND by sevens, seed 3: has a seven');
    expect(printed).toContain(`npm run fuzz -- --target sevens --replay ${hex(entry!.input)}`);
    expect(await run('--target', 'sevens', '--replay', hex(entry!.input))).toBe(1);
    expect(await run('--target', 'sevens', '--replay', '00')).toBe(0);
  });

  test('prints its help', async () => {
    expect(await run('--help')).toBe(0);
    expect(printed).toContain('Usage: npm run fuzz');
  });

  test('exits with 2 and prints one line for a wrong command line', async () => {
    for (const [list, line] of [
      [['--target', 'x'], 'There is no target "x". The targets are well, sevens, hangs.'],
      [['--seed', '-1'], /seed/],
      [['--seed', '4294967296'], '--seed must be a whole number below 2^32, not "4294967296".'],
      [['--runs', 'many'], '--runs must be a whole number below 2^32, not "many".'],
      [['--replay', '00'], '--replay needs one --target.'],
      [['--target', 'well', '--replay', '0'], '--replay must be bytes in hex.'],
      [['--fast'], /fast/],
    ] as const) {
      printed = '';
      expect(await run(...list)).toBe(2);
      if (typeof line === 'string') expect(printed).toBe(`${line}\n`);
      else expect(printed).toMatch(line);
    }
  });
});

test('Without options it runs for a minute, with a random seed', () => {
  const { seconds, runs, seed, targets } = readArguments([], ['a', 'b']);
  expect({ seconds, runs, targets }).toEqual({ seconds: 60, runs: undefined, targets: ['a', 'b'] });
  expect(seed).toBeGreaterThanOrEqual(0);
  expect(readArguments(['--runs', '5'], ['a']).seconds).toBeUndefined();
});

test('An input that never returns is a finding', async () => {
  const assignment = {
    module: ODD,
    target: 'hangs',
    seed: 1,
    runs: 1000,
    milliseconds: undefined,
    corpus: [],
    grow: false,
  };
  const { found } = await watch(assignment, () => {}, { milliseconds: 1000, memory: Infinity });
  expect(found?.what).toBe('does not return within 1000 ms');
  expect(found!.input[0]! % 2).toBe(1);
});

test('Exceeding the memory limit is a finding', async () => {
  const assignment = {
    module: ODD,
    target: 'hangs',
    seed: 1,
    runs: 1000,
    milliseconds: undefined,
    corpus: [],
    grow: false,
  };
  const { found } = await watch(assignment, () => {}, { milliseconds: 30_000, memory: 1 });
  expect(found?.what).toBe('uses more than 1 bytes of memory');
});

test('A corpus contains hex, remarks and comments', () => {
  writeFileSync(join(folder, 'a.txt'), '# about it\n0102\n\nff # why\n # nothing at all\n');
  expect(readCorpus(folder, 'a').map(({ input, remark }) => [hex(input), remark])).toEqual([
    ['0102', ''],
    ['ff', 'why'],
    ['', 'nothing at all'],
  ]);
  writeFileSync(join(folder, 'b.txt'), '012\n');
  expect(() => readCorpus(folder, 'b')).toThrow(/b\.txt has a line that is not hex: 012/);
  expect(readCorpus(folder, 'c')).toEqual([]);
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toContain('# about it');
});
