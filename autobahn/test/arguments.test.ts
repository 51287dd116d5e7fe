import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, describe } from 'vitest';
import { UsageError, readArguments } from '../src/arguments.ts';
import { SpecError } from '../src/spec.ts';

function read(line: string) {
  return readArguments(line.split(' ').filter((word) => word !== ''));
}

describe('the command line', () => {
  test.each(['', '--help', 'client -h'])('"%s" prints the help', (line) => {
    expect(read(line)).toEqual({ mode: 'help' });
  });

  test('names the servers to test, and options', () => {
    const line =
      'client ws://a:1 --cases 6.*,9.* --exclude 9.8.* --agent one --out dir --strict --jobs 2 --messages 5';
    expect(read(line)).toMatchObject({
      mode: 'client',
      out: 'dir',
      strict: true,
      jobs: 2,
      messages: 5,
      spec: { cases: ['6.*', '9.*'], excludeCases: ['9.8.*'], servers: [{ url: 'ws://a:1', agent: 'one' }] },
    });
  });

  test('waits for clients on port 9001 by default', () => {
    expect(read('server')).toMatchObject({
      mode: 'server',
      port: 9001,
      host: '127.0.0.1',
      out: null,
      strict: false,
    });
    expect(read('server --port 0 --host ::1')).toMatchObject({ port: 0, host: '::1' });
  });

  test('listens on the address in a spec', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-arguments-'));
    const spec = join(folder, 'spec.json');
    await writeFile(spec, '{ "url": "ws://[::1]:9002" }');
    expect(readArguments(['server', '--spec', spec])).toMatchObject({ port: 9002, host: '::1' });
    await rm(folder, { recursive: true });
  });

  test('compares two files', () => {
    expect(read('compare a.json b.json')).toEqual({ mode: 'compare', before: 'a.json', after: 'b.json' });
  });

  test.each([
    ['dance', 'unknown command: dance (client, server or compare)'],
    ['--strict', 'name a command: client, server or compare (--help describes them)'],
    ['client', 'name the server to test, such as ws://127.0.0.1:9001'],
    ['client ws://a ws://b --agent one', '--agent needs exactly one URL'],
    ['client ws://a --jobs 0', '--jobs takes a number from 1 to 1000, not 0'],
    ['client ws://a --port 1', '--port is an option of server, not of client'],
    ['server ws://a', 'unexpected argument: ws://a'],
    ['server --port x', '--port takes a number from 0 to 65535, not x'],
    ['compare a.json', 'compare needs two files: compare old.json new.json'],
    ['client --loud', "Unknown option '--loud'"],
  ])('"%s" is refused in one line', (line, message) => {
    expect(() => read(line)).toThrow(message);
    expect(() => read(line)).toThrow(UsageError);
  });

  test('refuses an invalid URL, and a missing spec', () => {
    expect(() => read('client http://a')).toThrow(SpecError);
    expect(() => read('client --spec nowhere.json')).toThrow(/^cannot read the spec: ENOENT/);
  });
});
