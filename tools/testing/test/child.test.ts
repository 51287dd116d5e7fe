import { describe, expect, test } from 'vitest';
import { commandLine, must, run } from '../src/child.ts';

describe('A program', () => {
  test('is started without a shell, with its arguments as they are', async () => {
    expect(commandLine('npm', ['a b'], 'linux')).toEqual(['npm', ['a b'], false]);
    const args = ['--eval', 'console.log(process.argv[1])', 'a "b" $c'];
    expect(await must(process.execPath, args)).toBe('a "b" $c\n');
  });

  test('is started by the shell on Windows if it is a command, with its arguments quoted', () => {
    expect(commandLine('npm', ['exec', '--package=a@1', 'C:\\a b', 'x&y'], 'win32')).toEqual([
      'npm exec --package=a@1 "C:\\a b" "x&y"',
      [],
      true,
    ]);
    expect(commandLine(process.execPath, ['a b'], 'win32')).toEqual([process.execPath, ['a b'], false]);
  });

  test('that cannot be started rejects', async () => {
    await expect(run('/nowhere/program', [])).rejects.toThrow('ENOENT');
  });
});
