// The command line of the proxy.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Child, requirement } from '@framewire/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { findRoute, parseAddress, parseRoute } from '../src/routes.ts';
import { startWebSocketServer } from './support.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

function runProxy(...args: string[]): Child {
  const node = ['--import', 'tsx', '--conditions=@framewire/source', 'src/cli.ts', ...args];
  const child = new Child(process.execPath, node, { cwd: folder });
  onTestFinished(() => child.signal('SIGTERM'));
  return child;
}

describe('the command line', () => {
  test.skipIf(requirement('posix').missing)(
    'proxies from the printed address until it is stopped',
    async () => {
      const [server, backend] = await startWebSocketServer();
      server.on('connection', (ws) => ws.send('hello'));
      const child = runProxy('--listen', '0', '--route', `/chat=127.0.0.1:${backend}`);
      const [, url] = await child.printed(/^listening on (ws:\/\/127\.0\.0\.1:[0-9]+)\n/);
      const ws = new WebSocket(`${String(url)}/chat`);
      expect(String((await once(ws, 'message'))[0])).toBe('hello');
      const closed = once(ws, 'close');
      expect(await child.stop()).toBe(0);
      await closed;
      expect(child.output.split('\n').slice(1, 2)).toEqual([`101 /chat -> 127.0.0.1:${backend}`]);
    },
  );

  test('prints its help', async () => {
    const { code, stdout, stderr } = await runProxy('--help').ended;
    expect(code).toBe(0);
    expect(stdout).toContain('--route /path=host:port');
    expect(stderr).toBe('');
  });

  test.each([
    [[], 'at least one --route is needed (see --help)'],
    [['--route', 'chat=a:1'], '"chat=a:1" is not /path=host:port'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--route', '/=a:1', '--listen', '127.0.0.1:99999'], '"127.0.0.1:99999" is not port or host:port'],
  ])('reports invalid arguments in one line: %j', async (args, message) => {
    const { code, stdout, stderr } = await runProxy(...args).ended;
    expect(stderr.replace(/\. .*\n/, '\n')).toBe(`proxy: ${message}\n`);
    expect(stdout).toBe('');
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
