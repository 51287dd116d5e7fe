// Which addresses a client accepts, how it interprets them, and how it rejects the others.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { WebSocketServer } from 'ws';
import { describe, expect, test } from 'vitest';
import { socketPath } from '@framewire/testing';
import { WebSocket } from '@framewire/client';
import { parseAddress } from '../src/address.ts';
import { OurWebSocket, record, thrown, withBoth } from './support/recorder.ts';
import { listen, rawServer, wsServer } from './support/servers.ts';

describe('a valid address', () => {
  test.each([
    ['ws://example.com', false, 'example.com', 80, '/'],
    ['wss://example.com', true, 'example.com', 443, '/'],
    ['http://example.com/a', false, 'example.com', 80, '/a'],
    ['https://example.com/a?b=c', true, 'example.com', 443, '/a?b=c'],
    ['ws://example.com:80/', false, 'example.com', 80, '/'],
    ['wss://example.com:80/', true, 'example.com', '80', '/'],
    ['ws://example.com:8080?q', false, 'example.com', '8080', '/?q'],
    ['ws://[::1]:9000/', false, '::1', '9000', '/'],
    ['ws://example.com:0/', false, 'example.com', '0', '/'],
    ['wss://example.com:0/', true, 'example.com', '0', '/'],
    ['ws://EXAMPLE.com/A', false, 'example.com', 80, '/A'],
    ['ws://example.com/ä b', false, 'example.com', 80, '/%C3%A4%20b'],
  ])('%s is split into host, port and target', (address, secure, host, port, target) => {
    const parsed = parseAddress(address);
    expect(parsed).toMatchObject({ secure, host, port, target, socketPath: undefined, auth: undefined });
    expect(parsed.defaultPort).toBe(secure ? 443 : 80);
  });

  test.each([
    ['ws+unix:/tmp/a.sock', '/tmp/a.sock', ''],
    ['ws+unix:/tmp/a.sock:/room', '/tmp/a.sock', '/room'],
    ['ws+unix:/tmp/a.sock:/room?name=b:c', '/tmp/a.sock', '/room?name=b:c'],
    ['ws+unix:./a.sock:/', './a.sock', '/'],
    ['ws+unix:/tmp/a b/ä.sock:/ä b', '/tmp/a b/ä.sock', '/%C3%A4%20b'],
    ['ws+unix:/tmp/a%20b%3Ac.sock:/%20', '/tmp/a b:c.sock', '/%20'],
    ['ws+unix:/tmp/100%.sock', '/tmp/100%.sock', ''],
  ])(
    '%s is split at the first colon after the path of the socket, which is percent-decoded',
    (address, socketPath, target) => {
      expect(parseAddress(address)).toMatchObject({ socketPath, target, secure: false });
    },
  );

  test.each([
    ['ws://user:secret@h/', 'user:secret'],
    ['ws://user@h/', 'user:'],
    ['ws://:secret@h/', ':secret'],
    ['ws://a%3Ab:%40%2F%25@h/', 'a:b:@/%'],
    ['ws://100%:%zz@h/', '100%:%zz'],
  ])('the user info of %s is percent-decoded, except invalid escapes', (address, auth) => {
    expect(parseAddress(address).auth).toBe(auth);
  });

  test.each(['http:', 'https:', 'ws:'])('a URL object with %s is not changed', (scheme) => {
    const url = new URL(`${scheme}//u:p@example.com:81/a?b`);
    const before = url.href;
    const ws = new WebSocket(url, { createConnection: refuseToConnect });
    ws.on('error', () => {});
    ws.terminate();
    expect(url.href).toBe(before);
    expect(ws.url).toBe(before.replace(/^http/, 'ws'));
  });
});

describe('an invalid address', () => {
  test.each([
    'not a url',
    '',
    'ws://',
    'ws:///',
    'ws://a b/',
    'ws://h:99999/',
    'ftp://example.com',
    'file:///tmp/a',
    'ws+unix:',
    'wss+unix:/tmp/a.sock',
    'ws://example.com/#fragment',
    'http://example.com#f',
    'ws+unix:/tmp/a.sock#f',
    'about:blank',
  ])('%j throws a SyntaxError with the message of ws', async (address) => {
    const [text] = await withBoth((Client) => [thrown(() => new Client(address))]);
    expect(text).toMatch(/^SyntaxError: (Invalid URL|The URL)/);
  });

  test('a URL object throws the errors of ws too', async () => {
    await withBoth((Client) =>
      ['ftp://h/', 'ws://h/#f', 'ws+unix:'].map((href) => thrown(() => new Client(new URL(href)))),
    );
  });
});

describe('port 0', () => {
  test.each(['ws', 'wss', 'http', 'https'])(
    'in %s: is used for the connection, which fails',
    async (scheme) => {
      const [event] = await withBoth(async (Client) => {
        const ws = new Client(`${scheme}://127.0.0.1:0/`);
        return record(ws).closed;
      });
      expect(event).toMatch(/^error Error: connect \w+ 127\.0\.0\.1/);
    },
  );

  test.each(['ws', 'wss'])('in %s: is passed to an agent and to createConnection', async (scheme) => {
    const passed = await withBoth(async (Client) => {
      const ports: string[] = [];
      const dial = ({ port }: { port?: unknown }): never => {
        ports.push(`${typeof port} ${String(port)}`);
        throw new Error('not there');
      };
      const agent = Object.assign(new (scheme === 'ws' ? http : https).Agent(), { createConnection: dial });
      for (const option of [{ agent, createConnection: undefined }, { createConnection: dial }]) {
        thrown(() => new Client(`${scheme}://example.com:0/`, option).on('error', () => {}));
      }
      return Promise.resolve(ports);
    });
    expect(passed).toContain('string 0');
  });

  test('in a redirect is used for the connection, which fails', async () => {
    const { url } = await rawServer((_head, socket) => {
      socket.end('HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:0/\r\nContent-Length: 0\r\n\r\n');
    });
    const [event] = await withBoth((Client) => record(new Client(url, { followRedirects: true })).closed);
    expect(event).toMatch(/^error Error: connect \w+ 127\.0\.0\.1/);
  });
});

describe('a server is reached', () => {
  test('by http: in the same way as by ws:, and url has the WebSocket scheme', async () => {
    const { port } = await wsServer();
    const log = await withBoth(async (Client) => {
      const ws = new Client(`http://127.0.0.1:${port}/room?x=1`);
      const { closed } = record(ws);
      ws.on('open', () => ws.close());
      return [...(await closed), ws.url];
    });
    expect(log.at(-1)).toBe(`ws://127.0.0.1:${port}/room?x=1`);
  });

  test('by an IPv6 address, which has brackets only in the Host header', async () => {
    const { port, requests } = await wsServer();
    const hosts: unknown[] = [];
    const ws = new OurWebSocket('ws://[::1]:9000/', {
      createConnection: (options: net.TcpNetConnectOpts) => {
        hosts.push(options.host, options.port);
        return net.connect(port, '127.0.0.1');
      },
    });
    await once(ws, 'open');
    expect(hosts).toEqual(['::1', '9000']);
    expect(requests[0]?.headers.host).toBe('[::1]:9000');
    ws.terminate();
  });

  test('by a path of a Unix socket with spaces and non-ASCII letters, as text and as a URL', async () => {
    const path = socketPath(' ü ');
    const server = http.createServer();
    const wss = new WebSocketServer({ server });
    await listen(server, { path });
    for (const address of [`ws+unix:${path}:/room`, new URL(`ws+unix:${path}:/room`)]) {
      const connection = once(wss, 'connection') as Promise<[unknown, http.IncomingMessage]>;
      const ws = new OurWebSocket(address);
      const [, request] = await connection;
      expect(request.url).toBe('/room');
      await record(ws.on('open', () => ws.close())).closed;
    }
  });

  test('by the path of a Unix socket, with the target after the colon, or / without one', async () => {
    const path = socketPath();
    const server = http.createServer();
    const wss = new WebSocketServer({ server });
    await listen(server, { path });
    for (const [address, target] of [
      [`ws+unix:${path}:/room?x=1`, '/room?x=1'],
      [`ws+unix:${path}`, '/'],
    ] as const) {
      const log = await withBoth(async (Client) => {
        const connection = once(wss, 'connection') as Promise<[unknown, http.IncomingMessage]>;
        const ws = new Client(address);
        const { closed } = record(ws);
        const [, request] = await connection;
        ws.close();
        return [request.url ?? '', String(request.headers.host), ws.url, ...(await closed)];
      });
      expect(log.slice(0, 3)).toEqual([target, 'localhost', address]);
    }
  });

  test('with the user info as Basic authentication, which takes precedence over the option auth', async () => {
    const { port, requests } = await wsServer();
    for (const [userInfo, auth, expected] of [
      ['a%3Ab:p%40ss@', undefined, 'a:b:p@ss'],
      ['', 'from:options', 'from:options'],
      ['url:wins@', 'from:options', 'url:wins'],
    ] as const) {
      const ws = new OurWebSocket(`ws://${userInfo}127.0.0.1:${port}/`, auth === undefined ? {} : { auth });
      await once(ws, 'open');
      expect(requests.at(-1)?.headers.authorization).toBe(`Basic ${btoa(expected)}`);
      ws.terminate();
    }
  });
});

function refuseToConnect(): never {
  throw new Error('not here');
}
