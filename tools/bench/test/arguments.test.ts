// The command line.
import { expect, test } from 'vitest';
import { HELP, OPTIONS, readArguments } from '../src/arguments.ts';
import { scenarios } from '../src/scenarios.ts';

const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);

test('without options every scenario runs with the default peers', () => {
  const args = readArguments([]);
  expect(args.scenarios).toBe(scenarios);
  expect(names(args.peers)).toContain('bun');
  expect(names(args.peers)).not.toContain('framewire-bufferutil');
  expect(args).toMatchObject({
    rounds: 5,
    quick: false,
    json: false,
    node: undefined,
    save: undefined,
    profile: undefined,
    list: false,
    help: false,
  });
});

test('a quick run has fewer rounds, and the three peers that the ratios need', () => {
  const args = readArguments(['--quick']);
  expect(args.rounds).toBe(3);
  expect(names(args.peers)).toEqual(['framewire', 'ws', 'net']);
});

test('--churn measures framewire and ws, unless --peers names one of them', () => {
  expect(names(readArguments(['--churn']).peers)).toEqual(['framewire', 'ws']);
  expect(names(readArguments(['--churn', '--peers', 'ws']).peers)).toEqual(['ws']);
});

test('named scenarios and peers are run, even in a quick run', () => {
  const args = readArguments([
    '--quick',
    '--peers',
    'bun,framewire-bufferutil',
    '--scenario',
    'upgrade',
    '--rounds',
    '7',
  ]);
  expect(names(args.peers)).toEqual(['framewire-bufferutil', 'bun']);
  expect(names(args.scenarios)).toEqual(['upgrade']);
  expect(args.rounds).toBe(7);
});

test('the first word of a name selects all names that begin with it', () => {
  expect(names(readArguments(['--scenario', 'push', '--scenario', 'idle']).scenarios)).toEqual([
    'push-64',
    'push-1k',
    'idle',
    'idle-deflate',
    'idle-takeover',
  ]);
});

test.each([
  [['--scenario', 'ech'], 'There is no scenario "ech". --list prints their names.'],
  [['--peers', 'ws,uws'], 'There is no peer "uws". --list prints their names.'],
  [['--rounds', '0'], '--rounds must be a number from 1 to 100, not "0".'],
  [['--rounds', 'many'], '--rounds must be a number from 1 to 100, not "many".'],
  [['--soak', '0'], '--soak must be a number of seconds from 1 to 99999, not "0".'],
  [['--micro', '--node', 'n'], 'With --micro, the option --node has no effect.'],
  [['--churn', '--peers', 'bun'], '--churn cannot measure the peer "bun".'],
  [['--churn', '--rounds', '3'], 'With --churn, the option --rounds has no effect.'],
  [['--soak', '9', '--peers', 'ws'], 'With --soak, the option --peers has no effect.'],
  [
    ['--profile', 'p', '--save', 'r'],
    '--profile and --save exclude each other, because a profiled process is slower.',
  ],
  [['--scenario', ''], 'The option --scenario has no value.'],
  [['--scenario='], 'The option --scenario has no value.'],
  [['--scenario', 'push', '--scenario', ','], 'The option --scenario has no value.'],
  [['--quick', '--peers', ''], 'The option --peers has no value.'],
  [['--rounds', ''], 'The option --rounds has no value.'],
  [['--node='], 'The option --node has no value.'],
  [['--save', ''], 'The option --save has no value.'],
  [['--readme', '--list'], 'With --readme, the option --list has no effect.'],
])('%j is refused with one line', (words, line) => {
  expect(() => readArguments(words)).toThrow(new TypeError(line));
});

test('an unknown option is refused with one line that names it', () => {
  expect(() => readArguments(['--rouns', '3'])).toThrow(/^[^\n]*--rouns[^\n]*$/);
});

test('the help names every option', () => {
  for (const option of Object.keys(OPTIONS)) expect(HELP).toContain(`\n  --${option}`);
});
