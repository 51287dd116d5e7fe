// Which tests a run includes, and how it counts them.
import { expect, test } from 'vitest';
import { countTests, vitest } from '../src/vitest.ts';

const ended = { code: 0, output: 'what vitest printed' };

function file(status: string, statuses: string[]) {
  const assertionResults = statuses.map((each) => ({ fullName: `a test that ${each}`, status: each }));
  return { name: 'a.test.ts', status, message: '', assertionResults };
}

test('passed, failed and skipped tests of all files are summed, the skipped ones by name', () => {
  const testResults = [file('passed', ['passed', 'skipped']), file('failed', ['failed', 'passed', 'todo'])];
  expect(countTests({ testResults }, { ...ended, code: 1 })).toEqual({
    passed: 2,
    failed: 1,
    skipped: 2,
    notes: ['skipped: a test that skipped', 'to do: a test that todo', 'what vitest printed'],
  });
});

test('a file that could not be loaded counts as one failure', () => {
  expect(countTests({ testResults: [file('failed', [])] }, ended)).toMatchObject({ passed: 0, failed: 1 });
});

test('an error outside of every test is a failure', () => {
  expect(countTests({ testResults: [file('passed', ['passed'])] }, { ...ended, code: 1 })).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

test('a run without a report is a failure', () => {
  expect(countTests(undefined, ended)).toMatchObject({ passed: 0, failed: 1 });
});

test('an excluded file does not run, in either project of vitest', async () => {
  const files = ['packages/codec/test/opcode.test.ts', 'packages/codec/test/bufferutil.test.ts'];
  const { outcome, output } = await vitest(process.execPath, 'excluded', files, { exclude: files });
  expect(outcome).toMatchObject({ passed: 0, failed: 1 });
  expect(output).toContain('No test files found');
});
