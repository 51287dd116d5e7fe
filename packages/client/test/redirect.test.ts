// Redirects of the opening handshake: which ones are followed, where to, how often, and what the next server receives.
import { once } from 'node:events';
import http, { type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import net, { type ListenOptions } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { socketPath, testCertificate } from '@framewire/testing';
import { WebSocketServer } from 'ws';
import { describe, expect, test } from 'vitest';
import { OurWebSocket, record, withBoth, type ClientClass } from './support/recorder.ts';
import { listen } from './support/servers.ts';

const FOLLOW = { followRedirects: true };

interface Site {
  readonly url: string;
  readonly port: number;
  /** The upgrade requests that the server received. */
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
}

/** A server that redirects according to a table of paths, and opens a WebSocket for other paths. */
async function site(
  table: Readonly<Record<string, string | undefined>> = {},
  {
    status = 302,
    server = http.createServer(),
    at,
  }: { status?: number; server?: http.Server; at?: ListenOptions } = {},
): Promise<Site> {
  const wss = new WebSocketServer({ noServer: true });
  const requests: Site['requests'] = [];
  server.on('upgrade', (request: http.IncomingMessage, socket, head) => {
    const url = request.url ?? '';
    requests.push({ url, headers: request.headers });
    const location = table[url];
    if (location === undefined) {
      wss.handleUpgrade(request, socket, head, (ws) => ws.close(4000, 'there'));
    } else {
      const line = location === '' ? '' : `Location: ${location}\r\n`;
      socket.end(`HTTP/1.1 ${status} Elsewhere\r\n${line}Content-Length: 0\r\n\r\n`);
    }
  });
  const { url, port } = await listen(server, at);
  return { url, port, requests };
}

/** The log of a client and its final URL, without ports. */
async function follow(
  Client: ClientClass,
  address: string,
  options: object = FOLLOW,
  ...watched: 'redirect'[]
): Promise<string[]> {
  const ws = new Client(address, options);
  const log = await record(ws, ...watched).closed;
  return [...log, `at ${ws.url}`].map((line) => line.replaceAll(/(?:127\.0\.0\.\d|localhost):\d+/g, 'HOST'));
}

const ARRIVED = 'close 4000 there [CLOSED]';

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('with the status %d is followed', async (status) => {
    const { url } = await site({ '/a': '/b' }, { status });
    const log = await withBoth((Client) => follow(Client, `${url}/a`));
    expect(log.slice(-2)).toEqual([ARRIVED, 'at ws://HOST/b']);
  });

  test.each([300, 304, 305, 306, 399])('with the status %d is not followed', async (status) => {
    const { url } = await site({ '/a': '/b' }, { status });
    const log = await follow(OurWebSocket, `${url}/a`);
    expect(log[0]).toBe(`error Error: Unexpected server response: ${status} [CLOSING]`);
  });

  test('without a location is not followed', async () => {
    const { url } = await site({ '/a': '' });
    const log = await withBoth((Client) => follow(Client, `${url}/a`));
    expect(log[0]).toBe('error Error: Unexpected server response: 302 [CLOSING]');
  });

  test('with an empty location is not followed', async () => {
    const { url } = await site({ '/a': ' ' });
    const log = await withBoth((Client) => follow(Client, `${url}/a`));
    expect(log[0]).toBe('error Error: Unexpected server response: 302 [CLOSING]');
  });

  test('is only followed with followRedirects', async () => {
    const { url, requests } = await site({ '/a': '/b' });
    await withBoth((Client) => follow(Client, `${url}/a`, {}));
    expect(requests.map((request) => request.url)).toEqual(['/a', '/a']);
  });

  test.each([
    ['/b', '/b'],
    ['b', '/x/b'],
    ['../b?q=1', '/b?q=1'],
    ['?q', '/x/a?q'],
    ['./', '/x/'],
  ])('to %s is resolved against the address', async (location, target) => {
    const { url, requests } = await site({ '/x/a': location });
    await withBoth((Client) => follow(Client, `${url}/x/a`));
    expect(requests.map((request) => request.url)).toEqual(['/x/a', target, '/x/a', target]);
  });

  test.each(['ws:', 'http:', ''])('to another server with %s// is followed', async (scheme) => {
    const there = await site();
    const here = await site({ '/a': `${scheme}//127.0.0.1:${there.port}/b` });
    const log = await withBoth((Client) => follow(Client, `${here.url}/a`));
    expect(log.slice(-2)).toEqual([ARRIVED, 'at ws://HOST/b']);
    expect(there.requests).toHaveLength(2);
  });

  test.each(['http://', 'ftp://h/', '/b#fragment', 'ws://a b/'])(
    'to %s is a SyntaxError that is emitted, not thrown',
    async (location) => {
      const { url } = await site({ '/a': location });
      const log = await withBoth(async (Client) =>
        (await follow(Client, `${url}/a`)).filter((line) => !line.startsWith('at')),
      );
      expect(log[0]).toMatch(/^error SyntaxError: /);
      expect(log).toHaveLength(2);
    },
  );

  test('is followed several times, with a new key for each request', async () => {
    const { url, requests } = await site({ '/a': '/b', '/b': '/c', '/c': '/d' });
    await follow(OurWebSocket, `${url}/a`);
    expect(requests.map((request) => request.url)).toEqual(['/a', '/b', '/c', '/d']);
    expect(new Set(requests.map(({ headers }) => headers['sec-websocket-key'])).size).toBe(4);
  });

  test('keeps subprotocols, origin, version and other headers', async () => {
    const { url, requests } = await site({ '/a': '/b' });
    const options = { ...FOLLOW, origin: 'https://o', protocolVersion: 8, headers: { 'X-A': '1' } };
    await record(new OurWebSocket(`${url}/a`, ['p', 'q'], options)).closed;
    expect(requests[1]?.headers).toMatchObject({
      'sec-websocket-protocol': 'p,q',
      'sec-websocket-origin': 'https://o',
      'sec-websocket-version': '8',
      'x-a': '1',
    });
  });

  test('is followed from a Unix socket to another one and to TCP, without the secrets', async () => {
    const [first, second] = [socketPath(), socketPath()];
    const end = await site();
    const middle = await site({ '/b': `${end.url}/c` }, { at: { path: second } });
    await site({ '/a': `ws+unix:${second}:/b` }, { at: { path: first } });
    const options = { ...FOLLOW, headers: { Cookie: 'secret' } };
    const log = await withBoth((Client) => follow(Client, `ws+unix:${first}:/a`, options));
    expect(log.at(-1)).toBe('at ws://HOST/c');
    expect([...middle.requests, ...end.requests].map(({ headers }) => headers.cookie)).toEqual(
      Array(4).fill(undefined),
    );
  });

  // ws follows it. A remote server could then send requests to a local service through the client.
  test.each<[string, string[]]>([
    ['', []],
    [', even with a listener of redirect', ['redirect']],
  ])('from TCP to a Unix socket is an error, and sends nothing to the socket%s', async (_, watched) => {
    const path = socketPath();
    const local = await site({}, { at: { path } });
    const remote = await site({ '/a': `ws+unix:${path}:/b` });
    const log = await follow(OurWebSocket, `${remote.url}/a`, FOLLOW, ...(watched as 'redirect'[]));
    expect(log).toEqual([
      'error Error: A redirect from the network to a local socket is not followed [CLOSING]',
      'close 1006  [CLOSED]',
      `at ws+unix:${path}:/b`,
    ]);
    expect(local.requests).toEqual([]);
  });

  test('from TCP back to the first Unix socket is an error', async () => {
    const path = socketPath();
    const remote = await site({ '/b': `ws+unix:${path}:/c` });
    const local = await site({ '/a': `${remote.url}/b` }, { at: { path } });
    const log = await follow(OurWebSocket, `ws+unix:${path}:/a`);
    expect(log[0]).toMatch(/^error Error: A redirect from the network to a local socket/);
    expect(local.requests.map(({ url }) => url)).toEqual(['/a']);
  });
});

describe('maxRedirects', () => {
  test.each([
    [undefined, 11],
    [3, 4],
    [0, 1],
  ])('of %s allows %d requests', async (maxRedirects, count) => {
    const { url, requests } = await site({ '/a': '/a' });
    const options = maxRedirects === undefined ? FOLLOW : { ...FOLLOW, maxRedirects };
    const log = await withBoth((Client) => follow(Client, `${url}/a`, options));
    expect(log[0]).toBe('error Error: Maximum redirects exceeded [CLOSING]');
    expect(requests).toHaveLength(2 * count);
  });

  test('the allowed number of redirects is followed', async () => {
    const { url } = await site({ '/a': '/b', '/b': '/c' });
    const log = await follow(OurWebSocket, `${url}/a`, { ...FOLLOW, maxRedirects: 2 });
    expect(log.at(-1)).toBe('at ws://HOST/c');
  });
});

/** Returns the headers that the last server received. Expects the same headers from ws and from our client. */
async function receivedBy(
  to: Site,
  address: string,
  options: object,
  ...watched: 'redirect'[]
): Promise<(string | undefined)[]> {
  const [line] = await withBoth(async (Client) => {
    await follow(Client, address, { ...FOLLOW, ...options }, ...watched);
    const { authorization, cookie, host } = to.requests.at(-1)?.headers ?? {};
    return [JSON.stringify([authorization, cookie, host?.replace(/:\d+/, ':PORT')])];
  });
  return JSON.parse(line ?? '[]') as (string | undefined)[];
}

describe('confidential headers', () => {
  const SECRETS = { headers: { AUTHORIZATION: 'Bearer x', cookie: 'a=b', Host: 'mine' } };
  const BASIC = `Basic ${btoa('user:password')}`;

  test('are sent to the same host and port', async () => {
    const here = await site({ '/a': '/b' });
    expect(await receivedBy(here, `${here.url}/a`, SECRETS)).toEqual(['Bearer x', 'a=b', 'mine']);
  });

  test('are not sent to another port or host', async () => {
    const table: Record<string, string> = {};
    const [here, there] = [await site(table), await site()];
    for (const [host, end] of [
      ['127.0.0.1', there],
      ['localhost', there],
      ['localhost', here],
    ] as const) {
      table['/a'] = `ws://${host}:${end.port}/b`;
      const received = await receivedBy(end, `${here.url}/a`, { ...SECRETS, family: 4 });
      expect(received).toEqual([null, null, `${host}:PORT`]);
    }
  });

  test('are sent again when a later redirect leads back to the first host', async () => {
    const table: Record<string, string> = {};
    const first = await site(table);
    const away = await site({ '/b': `${first.url}/c` });
    table['/a'] = `${away.url}/b`;
    expect(await receivedBy(first, `${first.url}/a`, SECRETS)).toEqual(['Bearer x', 'a=b', 'mine']);
  });

  test('are not sent after a downgrade from TLS', async () => {
    const { cert, key } = await testCertificate();
    const plain = await site();
    const secure = await site(
      { '/a': `ws://127.0.0.1:${plain.port}/b` },
      { server: https.createServer({ cert, key }) },
    );
    const address = `wss://127.0.0.1:${secure.port}/a`;
    expect((await receivedBy(plain, address, { ...SECRETS, ca: cert })).slice(0, 2)).toEqual([null, null]);
  });

  test('are not sent, except Host, after a downgrade to the same host with the default port', async () => {
    const plain = await site();
    const secure = await site(
      { '/a': 'ws://example.com/b' },
      { server: https.createServer(await testCertificate()) },
    );
    const createConnection = ({ port }: { port: number }): Duplex =>
      port === 443
        ? tls.connect({ port: secure.port, host: '127.0.0.1', rejectUnauthorized: false })
        : net.connect({ port: plain.port, host: '127.0.0.1' });
    expect(await receivedBy(plain, 'wss://example.com/a', { ...SECRETS, createConnection })).toEqual([
      null,
      null,
      'mine',
    ]);
  });

  test('include those of the URL and of the option auth', async () => {
    const there = await site();
    const here = await site({ '/a': `${there.url}/b`, '/x': '/y' });
    const withUser = here.url.replace('//', '//user:password@');
    for (const [address, options] of [
      [withUser, {}],
      [here.url, { auth: 'user:password' }],
    ] as const) {
      expect((await receivedBy(there, `${address}/a`, options))[0]).toBeNull();
      expect((await receivedBy(here, `${address}/x`, options))[0]).toBe(BASIC);
    }
  });

  test('in the location are only sent to the same host, and those of the first URL take precedence', async () => {
    const there = await site();
    const table: Record<string, string> = {};
    const here = await site(table);
    const other = (url: string): string => url.replace('//', '//other:secret@');
    Object.assign(table, { '/a': `${other(there.url)}/b`, '/x': `${other(here.url)}/y` });
    expect((await receivedBy(there, `${here.url}/a`, {}))[0]).toBeNull();
    expect((await receivedBy(here, `${here.url}/x`, {}))[0]).toBe(`Basic ${btoa('other:secret')}`);
    const first = here.url.replace('//', '//user:password@');
    expect((await receivedBy(here, `${first}/x`, {}))[0]).toBe(BASIC);
  });

  test('are sent everywhere if a redirect listener handles them', async () => {
    const there = await site();
    const here = await site({ '/a': `${there.url}/b` });
    expect(await receivedBy(there, `${here.url}/a`, SECRETS, 'redirect')).toEqual([
      'Bearer x',
      'a=b',
      'mine',
    ]);
    expect((await receivedBy(there, `${here.url}/a`, { auth: 'user:password' }, 'redirect'))[0]).toBe(BASIC);
  });
});

describe('the redirect event', () => {
  test('passes the URL and the request, which the listener may change', async () => {
    const { url, requests } = await site({ '/a': '/b' });
    const log = await withBoth(async (Client) => {
      const ws = new Client(`${url}/a`, { ...FOLLOW, headers: { Authorization: 'x' } });
      const { closed } = record(ws, 'redirect');
      ws.on('redirect', (_url: string, request: ClientRequest) => {
        request.removeHeader('authorization');
        request.setHeader('X-By', 'listener');
      });
      return closed;
    });
    expect(log[0]).toBe('redirect ws://HOST/b [CONNECTING]');
    expect(requests.at(-1)?.headers).toMatchObject({ 'x-by': 'listener' });
    expect(requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  test.each(['close', 'terminate'] as const)('%s() in its listener aborts the attempt', async (method) => {
    const { url, requests } = await site({ '/a': '/b' });
    const log = await withBoth((Client) => {
      const ws = new Client(`${url}/a`, { ...FOLLOW, handshakeTimeout: 60_000 });
      const { closed } = record(ws, 'redirect');
      ws.on('redirect', () => ws[method]());
      return closed;
    });
    expect(log).toEqual([
      'redirect ws://HOST/b [CONNECTING]',
      'error Error: WebSocket was closed before the connection was established [CLOSING]',
      'close 1006  [CLOSED]',
    ]);
    expect(requests.map((request) => request.url)).toEqual(['/a', '/a']);
  });

  test('request.destroy(error) in its listener emits the error, whether or not close() follows', async () => {
    const { url } = await site({ '/a': '/b' });
    for (const closes of [false, true]) {
      await withBoth((Client) => {
        const ws = new Client(`${url}/a`, FOLLOW);
        const { closed } = record(ws, 'redirect');
        ws.on('redirect', (_url: string, request: ClientRequest) => {
          request.destroy(new Error('not there'));
          if (closes) ws.close();
        });
        return closed;
      });
    }
  });

  test('finishRequest is called for each request', async () => {
    const { url } = await site({ '/a': '/b' });
    const paths: string[] = [];
    const ws = new OurWebSocket(`${url}/a`, {
      ...FOLLOW,
      finishRequest(request: ClientRequest) {
        paths.push(request.path);
        request.end();
      },
    });
    await once(ws, 'close');
    expect(paths).toEqual(['/a', '/b']);
  });
});

test('a redirect to a server that does not exist is an error and a close', async () => {
  const { url } = await site({ '/a': 'ws://127.0.0.1:1/b' });
  const log = await withBoth((Client) => follow(Client, `${url}/a`));
  expect(log[0]).toBe('error Error: connect ECONNREFUSED HOST [CLOSING]');
});
