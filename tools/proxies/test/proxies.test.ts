import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'framewire';
import { requirement, testCertificate } from '@framewire/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend, startProxyProtocolBackend, type Backend } from '../src/backend.ts';
import { haproxy } from '../src/haproxy.ts';
import { nginx } from '../src/nginx.ts';
import { startProxy, type GeneralKind, type Proxy } from '../src/program.ts';

/** Seconds of silence after which the proxies end a connection. */
const IDLE = 3;

/** Milliseconds between the pings of a connection that stays open. */
const PING_EVERY = 250;

/** The number of pings. Together, they take longer than the time limit of the proxy. */
const PINGS = (IDLE * 1000) / PING_EVERY + 4;

/** Opens a connection through a port of this machine. */
async function open(port: number, options: WebSocket.ClientOptions = {}, scheme = 'ws'): Promise<WebSocket> {
  const ws = new WebSocket(`${scheme}://127.0.0.1:${port}/path?x=1`, options);
  await once(ws, 'open');
  return ws;
}

/** Waits until a connection has closed. Returns the close code and the reason. */
async function endOf(ws: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

/** Closes a connection, and waits for its end. */
async function close(ws: WebSocket): Promise<void> {
  const end = endOf(ws);
  ws.close(1000);
  expect(await end).toEqual([1000, '']);
}

/** Sends messages, and returns the same number of answers. */
function echoes(ws: WebSocket, messages: readonly (string | Buffer)[]): Promise<(string | Buffer)[]> {
  return new Promise((resolve, reject) => {
    const received: (string | Buffer)[] = [];
    const onMessage = (data: WebSocket.RawData, isBinary: boolean): void => {
      received.push(isBinary ? (data as Buffer) : data.toString());
      if (received.length < messages.length) return;
      ws.off('message', onMessage);
      ws.off('close', reject);
      resolve(received);
    };
    ws.on('message', onMessage);
    ws.on('close', reject);
    for (const message of messages) ws.send(message);
  });
}

/** Returns digests, because comparing long messages byte by byte takes longer than the time limit of a proxy. */
function fingerprints(messages: readonly (string | Buffer)[]): string[] {
  return messages.map((message) => {
    const hash = createHash('sha256').update(message).digest('hex');
    return `${typeof message} of ${message.length}: ${hash}`;
  });
}

/** The status of a refused upgrade. */
async function refusalOf(port: number): Promise<number | undefined> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`);
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage];
  response.resume();
  await once(response, 'close');
  return response.statusCode;
}

const messages = [
  'hello',
  '',
  'é€😀'.repeat(10_000),
  Buffer.from('00ff7f80', 'hex'),
  Buffer.alloc(100_000, 'pattern'),
  Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) & 0xff)),
  'x'.repeat(1_000_000),
];

describe.skipIf(requirement('nginx').missing)('Through nginx', () => throughProxy(nginx));

describe.skipIf(requirement('haproxy').missing)('Through HAProxy', () => throughProxy(haproxy));

/** The tests of one kind of proxy. */
function throughProxy(kind: GeneralKind): void {
  let backend: Backend;
  let proxyProtocolBackend: Backend & { addresses: string[] };
  let proxy: Proxy;

  beforeAll(async () => {
    backend = await startBackend();
    proxyProtocolBackend = await startProxyProtocolBackend();
    proxy = await startProxy(kind, {
      backend: backend.port,
      proxyProtocolBackend: proxyProtocolBackend.port,
      idleSeconds: IDLE,
    });
  });

  afterAll(async () => {
    await proxy.stop();
    await backend.stop();
    await proxyProtocolBackend.stop();
  });

  test.each([
    ['plain', false, ''],
    ['compressed', { threshold: 0 }, 'permessage-deflate'],
  ])('messages of all sizes come back unchanged, %s', async (_how, perMessageDeflate, extensions) => {
    const ws = await open(proxy.plain, { perMessageDeflate });
    expect(ws.extensions).toBe(extensions);
    expect(fingerprints(await echoes(ws, messages))).toEqual(fingerprints(messages));
    await close(ws);
  });

  test('many messages in a burst come back in order', async () => {
    const ws = await open(proxy.plain);
    const burst = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
    expect(await echoes(ws, burst)).toEqual(burst);
    await close(ws);
  });

  test('the server sees the path, the subprotocol and the address that the proxy forwards', async () => {
    const connected = backend.next();
    const ws = new WebSocket(`ws://127.0.0.1:${proxy.plain}/path?x=1`, 'chat', { localAddress: '127.0.0.2' });
    await once(ws, 'open');
    const [peer, request] = await connected;
    expect(request.url).toBe('/path?x=1');
    expect([ws.protocol, peer.protocol]).toEqual(['chat', 'chat']);
    expect(request.socket.remoteAddress).toBe('127.0.0.1');
    expect(request.headers['x-forwarded-for']).toBe('127.0.0.2');
    expect(request.headers['x-forwarded-proto']).toBe('http');
    await close(ws);
  });

  test('TLS ends at the proxy, and a header reports it to the server', async () => {
    const { cert } = await testCertificate();
    const connected = backend.next();
    const ws = await open(proxy.tls, { ca: cert }, 'wss');
    const [, request] = await connected;
    expect(request.headers['x-forwarded-proto']).toBe('https');
    expect(fingerprints(await echoes(ws, messages))).toEqual(fingerprints(messages));
    await close(ws);
  });

  test('the code and the reason of either side reach the other', async () => {
    for (const closes of ['client', 'server']) {
      const connected = backend.next();
      const ws = await open(proxy.plain);
      const [peer] = await connected;
      const ends = Promise.all([endOf(ws), endOf(peer)]);
      (closes === 'client' ? ws : peer).close(4321, `by the ${closes}`);
      expect(await ends).toEqual([
        [4321, `by the ${closes}`],
        [4321, `by the ${closes}`],
      ]);
    }
  });

  test('the proxy ends a silent connection on both sides, but not one with pings', async () => {
    const connected = backend.next();
    const silent = await open(proxy.plain);
    const [silentPeer] = await connected;
    const ends = Promise.all([endOf(silent), endOf(silentPeer)]);

    const pinging = await open(proxy.plain);
    const pings = setInterval(() => pinging.ping(), PING_EVERY);
    await new Promise<void>((resolve, reject) => {
      let pongs = 0;
      pinging.on('pong', () => {
        if (++pongs === PINGS) resolve();
      });
      pinging.on('close', reject);
    });
    clearInterval(pings);
    expect(await ends).toEqual([
      [1006, ''],
      [1006, ''],
    ]);
    expect(await echoes(pinging, ['still there'])).toEqual(['still there']);
    await close(pinging);
  });

  test('while the server restarts, clients get an error, and afterwards they can reconnect', async () => {
    const before = await open(proxy.plain);
    const end = endOf(before);
    await backend.stop();
    expect(await end).toEqual([1006, '']);
    expect(await refusalOf(proxy.plain)).toBe(kind.unavailable);

    backend = await startBackend(backend.port);
    const again = await open(proxy.plain);
    expect(await echoes(again, ['again'])).toEqual(['again']);
    await close(again);
  });

  test("the server's own refusal reaches the client", async () => {
    const { port } = backend;
    await backend.stop();
    backend = await startBackend(port, { verifyClient: (_info, answer) => answer(false, 403, 'no') });
    expect(await refusalOf(proxy.plain)).toBe(403);
    await backend.stop();
    backend = await startBackend(port);
  });

  if (kind.speaksProxyProtocol) {
    test('the PROXY protocol gives the server the address of the client', async () => {
      const ws = await open(proxy.proxyProtocol, { localAddress: '127.0.0.3' });
      expect(proxyProtocolBackend.addresses).toEqual(['127.0.0.3']);
      expect(fingerprints(await echoes(ws, messages))).toEqual(fingerprints(messages));
      await close(ws);
    });
  }
}
