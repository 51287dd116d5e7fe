// The command line of the test run.
import { expect, test } from 'vitest';
import { help, readArguments } from '../src/arguments.ts';
import { passed } from '../src/outcome.ts';

const names = ['lint', 'types'];

test('without options every step runs', () => {
  expect(readArguments([], names)).toEqual({ only: undefined, help: false });
});

test('--only takes names of steps, separated by commas', () => {
  expect(readArguments(['--only', 'types, lint'], names).only).toEqual(['types', 'lint']);
});

test.each([
  [['--only', 'lint,nothing'], '--only: there is no step "nothing". The steps are lint, types.'],
  [['--only='], '--only: there is no step "". The steps are lint, types.'],
  [['--fast'], `Unknown option '--fast'`],
  [['lint'], `Unexpected argument 'lint'`],
  [['--only'], `Option '--only <value>' argument missing`],
])('%j is refused with an error for the user', (list, text) => {
  expect(() => readArguments(list, names)).toThrow(text);
});

test('the help names every step', () => {
  const run = () => Promise.resolve(passed());
  expect(help([{ name: 'lint', title: 'reads the sources', run }])).toContain('  lint  reads the sources\n');
});
