// The command line of the proxy.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { findRoute, parseAddress, parseRoute } from '../src/routes.ts';
import { startWebSocketServer } from './support.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

function runProxy(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const node = ['--import', 'tsx', '--conditions=@framewire/source', 'src/cli.ts', ...args];
  const child = spawn(process.execPath, node, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill();
  });
  return child;
}

async function outputOf(
  child: ReturnType<typeof runProxy>,
): Promise<{ code: number; out: string; err: string }> {
  const exit = once(child, 'exit') as Promise<[number]>;
  const [[code], out, err] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

describe('the command line', () => {
  test('proxies from the printed address until it is stopped', async () => {
    const [server, backend] = await startWebSocketServer();
    server.on('connection', (ws) => ws.send('hello'));
    const child = runProxy('--listen', '0', '--route', `/chat=127.0.0.1:${backend}`);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value: line } = (await lines.next()) as { value: string };
    const url = /^listening on (ws:\/\/127\.0\.0\.1:[0-9]+)$/.exec(line)?.[1];
    const ws = new WebSocket(`${String(url)}/chat`);
    expect(String((await once(ws, 'message'))[0])).toBe('hello');
    expect((await lines.next()).value).toBe(`101 /chat -> 127.0.0.1:${backend}`);
    const ended = Promise.all([once(child, 'exit'), once(ws, 'close')]);
    child.kill('SIGTERM');
    expect((await ended)[0]).toEqual([0, null]);
  });

  test('prints its help', async () => {
    const { code, out, err } = await outputOf(runProxy('--help'));
    expect(code).toBe(0);
    expect(out).toContain('--route /path=host:port');
    expect(err).toBe('');
  });

  test.each([
    [[], 'at least one --route is needed (see --help)'],
    [['--route', 'chat=a:1'], '"chat=a:1" is not /path=host:port'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--route', '/=a:1', '--listen', '127.0.0.1:99999'], '"127.0.0.1:99999" is not port or host:port'],
  ])('reports invalid arguments in one line: %j', async (args, message) => {
    const { code, out, err } = await outputOf(runProxy(...args));
    expect(err.replace(/\. .*\n/, '\n')).toBe(`proxy: ${message}\n`);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

describe('a route', () => {
  test('is a path and an address, IPv4 or IPv6', () => {
    expect(parseRoute('/=localhost:80')).toEqual({ path: '/', backend: { host: 'localhost', port: 80 } });
    expect(parseRoute('/a=b=[::1]:65535')).toEqual({ path: '/a=b', backend: { host: '::1', port: 65_535 } });
  });

  test.each(['', '/', '/a', '=a:1', 'a=a:1', '/a?b=a:1', '/a b=a:1', '/a#b=a:1'])('cannot be %j', (typed) => {
    expect(() => parseRoute(typed)).toThrow(`"${typed}" is not /path=host:port`);
  });

  test.each(['a', 'a:', ':1', 'a:65536', 'a:1x', 'a:-1'])('cannot have the address %j', (typed) => {
    expect(() => parseAddress(typed)).toThrow(`"${typed}" is not host:port`);
  });

  test('needs only a port if the host is known', () => {
    expect(parseAddress('80', '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 80 });
  });

  test('is found for a path in the origin form and the absolute form, but for no other target', () => {
    const routes = [parseRoute('/=a:1')];
    expect(findRoute(routes, '*')).toBeUndefined();
    expect(findRoute(routes, 'ftp://a/')).toBeUndefined();
    expect(findRoute(routes, 'http://a/')).toBe(routes[0]);
    expect(findRoute(routes, 'http://a')).toBe(routes[0]);
    expect(findRoute(routes, '?/')).toBeUndefined();
  });
});
