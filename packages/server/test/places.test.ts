// The limits on the number of connections, the address of a client, `allowedOrigins: 'same'` and `pauseOnConnect`.
import type { IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { UpgradeRefusal } from '@framewire/handshake';
import {
  type AcceptedWebSocket,
  clientAddress,
  WebSocketServer,
  type ClientAddressOptions,
  type ServerOptions,
} from '@framewire/server';
import { requestObject } from './support/peers.ts';

/** Sends an upgrade request to a server, and records the answer. */
function requestUpgrade(wss: WebSocketServer, headers: Record<string, string> = {}) {
  const [client, socket] = duplexPair();
  const found = { client, socket, ws: undefined as AcceptedWebSocket | undefined, answer: '' };
  client.on('data', (chunk: Buffer) => (found.answer += chunk.toString('latin1')));
  wss.handleUpgrade(requestObject(headers), socket, Buffer.alloc(0), (ws) => (found.ws = ws));
  return found;
}

function serve(options: ServerOptions): WebSocketServer {
  return new WebSocketServer({ noServer: true, ...options });
}

async function closed(socket: Duplex): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  // `closed` is set before `close` is emitted.
  await new Promise((resolve) => setImmediate(resolve));
}

async function statusOf(found: ReturnType<typeof requestUpgrade>): Promise<string> {
  if (found.ws === undefined) await closed(found.socket);
  else await new Promise((resolve) => setImmediate(resolve));
  return found.answer.slice(9, 12);
}

describe('maxConnections', () => {
  test.each([0, -1, undefined])('sets no limit with %s', async (maxConnections) => {
    const found = requestUpgrade(serve({ maxConnections }));
    expect(await statusOf(found)).toBe('101');
    found.ws!.terminate();
  });

  test('refuses further clients with 503 and Retry-After until a connection has closed', async () => {
    const wss = serve({ maxConnections: 2 });
    const first = requestUpgrade(wss);
    expect(await statusOf(first)).toBe('101');
    expect(await statusOf(requestUpgrade(wss))).toBe('101');
    const refused = requestUpgrade(wss);
    expect(await statusOf(refused)).toBe('503');
    expect(refused.answer).toMatch(/\r\nConnection: close\r\n[^]*\r\nRetry-After: 10\r\n/);
    first.ws!.terminate();
    await closed(first.socket);
    expect(await statusOf(requestUpgrade(wss))).toBe('101');
  });

  test('counts handshakes from their start, until they are refused or their clients leave', async () => {
    const wss = serve({ maxConnections: 1, authenticate: () => new Promise<undefined>(() => {}) });
    const waiting = requestUpgrade(wss);
    expect(await statusOf(requestUpgrade(wss))).toBe('503');
    waiting.client.end();
    await closed(waiting.socket);
    const next = requestUpgrade(wss);
    await new Promise((resolve) => setImmediate(resolve));
    expect(next.answer).toBe('');
    next.socket.destroy();
  });

  test('does not count a client that left before handleUpgrade()', async () => {
    const wss = serve({ maxConnections: 1 });
    const [, left] = duplexPair();
    left.destroy();
    await closed(left);
    const connected = vi.fn();
    wss.handleUpgrade(requestObject(), left, Buffer.alloc(0), connected);
    expect(await statusOf(requestUpgrade(wss))).toBe('101');
    expect(connected).not.toHaveBeenCalled();
  });

  test.each<[string, ServerOptions]>([
    ['authenticate refuses', { authenticate: () => new UpgradeRefusal(401) }],
    ['authenticate refuses later', { authenticate: () => Promise.reject(new UpgradeRefusal(401)) }],
    ['authenticate fails', { authenticate: () => Promise.reject(new Error('the database')) }],
    [
      'authenticate does not answer in time',
      { authenticate: () => new Promise(() => {}), handshakeTimeout: 1 },
    ],
    ['verifyClient refuses', { verifyClient: () => false }],
    ['a subprotocol cannot be sent', { handleProtocols: () => 'a b' }],
  ])('counts no client that was refused because %s', async (_reason, options) => {
    const wss = serve({ maxConnections: 1, ...options });
    wss.on('wsClientError', () => {});
    const headers = { 'sec-websocket-protocol': 'a' };
    const first = await statusOf(requestUpgrade(wss, headers));
    expect(first).not.toBe('101');
    expect(await statusOf(requestUpgrade(wss, headers))).toBe(first);
  });

  test('does not count requests that are invalid', async () => {
    const wss = serve({ maxConnections: 1 });
    expect(await statusOf(requestUpgrade(wss, { 'sec-websocket-key': 'none' }))).toBe('400');
    expect(await statusOf(requestUpgrade(wss))).toBe('101');
  });
});

describe('connectionsPerClient', () => {
  test('refuses a client at its limit with 429, and accepts other clients', async () => {
    const client = ({ headers }: IncomingMessage) => String(headers['x-client']);
    const wss = serve({ connectionsPerClient: { limit: 2, client } });
    const first = requestUpgrade(wss, { 'x-client': 'a' });
    expect(await statusOf(first)).toBe('101');
    expect(await statusOf(requestUpgrade(wss, { 'x-client': 'a' }))).toBe('101');
    expect(await statusOf(requestUpgrade(wss, { 'x-client': 'a' }))).toBe('429');
    expect(await statusOf(requestUpgrade(wss, { 'x-client': 'b' }))).toBe('101');
    first.ws!.terminate();
    await closed(first.socket);
    expect(await statusOf(requestUpgrade(wss, { 'x-client': 'a' }))).toBe('101');
    expect(await statusOf(requestUpgrade(wss, { 'x-client': 'a' }))).toBe('429');
  });

  test('counts clients that wait for authenticate', async () => {
    const authenticate = () => new Promise<undefined>(() => {});
    const wss = serve({ authenticate, connectionsPerClient: { limit: 1, client: ({ url }) => url! } });
    const waiting = requestUpgrade(wss);
    expect(await statusOf(requestUpgrade(wss))).toBe('429');
    waiting.client.end();
    await closed(waiting.socket);
    const next = requestUpgrade(wss);
    await new Promise((resolve) => setImmediate(resolve));
    expect(next.answer).toBe('');
    next.socket.destroy();
  });

  test('does not count refused clients in maxConnections', async () => {
    const wss = serve({ maxConnections: 2, connectionsPerClient: { limit: 1, client: ({ url }) => url! } });
    expect(await statusOf(requestUpgrade(wss))).toBe('101');
    for (let i = 0; i < 5; i++) expect(await statusOf(requestUpgrade(wss))).toBe('429');
  });
});

describe('the address of a client', () => {
  const request = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
    ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
  const xff = (value: string) => ({ 'x-forwarded-for': value });
  const forwarded = (value: string) => ({ forwarded: value });
  const local: ClientAddressOptions = { trust: ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'] };

  test.each<[string, ClientAddressOptions, string | undefined, Record<string, string>, string]>([
    ['is that of the socket', local, '192.0.2.1', {}, '192.0.2.1'],
    ['is not the address that a client claims', local, '192.0.2.1', xff('198.51.100.9'), '192.0.2.1'],
    ['is the address that a trusted proxy added', local, '127.0.0.1', xff('192.0.2.1'), '192.0.2.1'],
    [
      'is the address that the first trusted proxy added',
      local,
      '10.9.9.9',
      xff('192.0.2.1, 10.1.1.1'),
      '192.0.2.1',
    ],
    [
      'is not an address before the one that the proxy added',
      local,
      '127.0.0.1',
      xff('198.51.100.9, 192.0.2.1'),
      '192.0.2.1',
    ],
    ['has no port', local, '127.0.0.1', xff('192.0.2.1:4711'), '192.0.2.1'],
    ['has no brackets', local, '::1', xff('[2001:DB8::1]:4711'), '2001:db8::1'],
    ['is IPv4 for a mapped address', local, '::ffff:127.0.0.1', xff('::ffff:192.0.2.1'), '192.0.2.1'],
    ['is that of the last proxy if there is no header', local, '127.0.0.1', {}, '127.0.0.1'],
    ['is that of the first proxy if all are trusted', local, '127.0.0.1', xff('10.0.0.1'), '10.0.0.1'],
    ['is unknown if the proxy wrote that', local, '127.0.0.1', xff('192.0.2.1, unknown'), 'unknown'],
    ['comes only from the named header', local, '127.0.0.1', forwarded('for=192.0.2.1'), '127.0.0.1'],
    ['is unix over a Unix socket that is not trusted', local, undefined, xff('192.0.2.1'), 'unix'],
    [
      'is read from the header over a trusted Unix socket',
      { trust: ['unix'] },
      undefined,
      xff('192.0.2.1'),
      '192.0.2.1',
    ],
    ...[
      ['for=192.0.2.1;proto=https;by=10.0.0.1', '192.0.2.1'],
      ['proto=https; For="192.0.2.1:4711"', '192.0.2.1'],
      ['for=198.51.100.9, for="[2001:db8::1]:80", for=10.0.0.1', '2001:db8::1'],
      ['for=_hidden', '_hidden'],
      ['proto=https', '127.0.0.1'],
    ].map(([value, address]): [string, ClientAddressOptions, string, Record<string, string>, string] => [
      `is read from ${value}`,
      { ...local, header: 'forwarded' },
      '127.0.0.1',
      { ...forwarded(value!), ...xff('203.0.113.5') },
      address!,
    ]),
  ])('%s', (_, options, remote, headers, address) => {
    expect(clientAddress(options)(request(remote, headers))).toBe(address);
  });

  test.each(['localhost', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0.0/8/8', ''])(
    'throws for %j in trust',
    (entry) => {
      expect(() => clientAddress({ trust: [entry] })).toThrow(TypeError);
    },
  );
});

describe("allowedOrigins: 'same'", () => {
  test.each([
    ['https://example.com', 'example.com', '101'],
    ['https://example.com', 'EXAMPLE.com:443', '101'],
    ['http://example.com:8080', 'example.com:8080', '101'],
    ['http://[::1]:8080', '[::1]:8080', '101'],
    ['https://example.com', 'example.com:8080', '403'],
    ['https://evil.example', 'example.com', '403'],
    ['https://evil.example', 'example.com@evil.example', '403'],
    ['https://evil.example', 'evil.example/?', '403'],
    ['https://example.com.evil.example', 'example.com', '403'],
    ['null', 'example.com', '403'],
    ['https://example.com', '', '403'],
    ['file://', 'example.com', '403'],
  ])('answers a page of %s at the host %j with %s', async (origin, host, status) => {
    const wss = serve({ allowedOrigins: 'same' });
    expect(await statusOf(requestUpgrade(wss, { origin, host }))).toBe(status);
  });

  test('refuses a request without Host, and throws for any other string', async () => {
    expect(await statusOf(requestUpgrade(serve({ allowedOrigins: 'same' }), { origin: 'http://a' }))).toBe(
      '403',
    );
    expect(() => serve({ allowedOrigins: 'all' as 'same' })).toThrow('allowedOrigins: "all" is not a list');
  });
});

test('pauseOnConnect holds back events and reading until resume()', async () => {
  const found = requestUpgrade(serve({ pauseOnConnect: true }));
  expect(found.ws!.isPaused).toBe(true);
  // A masked frame with the letter `a`.
  found.client.write(Buffer.from('81810000000061', 'hex'));
  await new Promise((resolve) => setImmediate(resolve));
  const message = new Promise((resolve) => {
    found.ws!.on('message', (data) => resolve(String(data)));
  });
  found.ws!.resume();
  expect(await message).toBe('a');
});
