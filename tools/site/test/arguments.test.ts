import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';

describe('The command line', () => {
  test('has the options port, base, build-only and help, and serves on port 8081 by default', () => {
    expect(readArguments([])).toEqual({ port: 8081, base: '/', buildOnly: false, help: false });
    expect(readArguments(['--port', '0'])).toEqual({ port: 0, base: '/', buildOnly: false, help: false });
    expect(readArguments(['--build-only'])).toEqual({ port: 8081, base: '/', buildOnly: true, help: false });
    expect(readArguments(['--base', '/a/b-c/'])).toMatchObject({ base: '/a/b-c/' });
    expect(readArguments(['-h'])).toEqual({ port: 8081, base: '/', buildOnly: false, help: true });
  });

  test.each([
    ['--port', '65536'],
    ['--port', '-1'],
    ['--port', ''],
    ['--base', 'a/'],
    ['--base', '/a'],
    ['--open'],
    ['docs'],
  ])('rejects %s %s', (...list) => {
    expect(() => readArguments(list)).toThrow(TypeError);
  });
});
