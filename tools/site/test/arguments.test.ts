import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';

describe('The command line', () => {
  test('serves on port 8081 unless it says otherwise', () => {
    expect(readArguments([])).toEqual({ port: 8081, buildOnly: false, help: false });
    expect(readArguments(['--port', '0'])).toEqual({ port: 0, buildOnly: false, help: false });
    expect(readArguments(['--build-only'])).toEqual({ port: 8081, buildOnly: true, help: false });
    expect(readArguments(['-h'])).toEqual({ port: 8081, buildOnly: false, help: true });
  });

  test.each([['--port', '65536'], ['--port', '-1'], ['--port', ''], ['--open'], ['docs']])(
    'rejects %s %s',
    (...list) => {
      expect(() => readArguments(list)).toThrow(TypeError);
    },
  );
});
