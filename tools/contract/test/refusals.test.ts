// Refusals. The response to a request that is not upgraded equals that of ws, byte for byte except for the date.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerOptions, WebSocketServer } from 'ws';
import { ours, PLAIN, reference, type Peer } from '../src/pairings.ts';
import { head, KEY, RawPeer, upgradeRequest } from '../src/raw.ts';

const servers: WebSocketServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A request, and the options of the server that receives it. */
interface Case {
  readonly request: string;
  readonly options?: ServerOptions;
}

/** An upgrade request with some lines replaced or omitted. */
function without(name: string, ...instead: string[]): string {
  const lines = upgradeRequest().trimEnd().split('\r\n');
  return head(...lines.filter((line) => !line.startsWith(`${name}:`)), ...instead);
}

function method(name: string): string {
  return upgradeRequest().replace('GET', name);
}

const cases: Record<string, Case> = {
  'a plain request on the port of the server': {
    request: head('GET / HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close'),
  },
  'a POST on the port of the server': {
    request: head('POST / HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close', 'Content-Length: 0'),
  },
  'the method POST': { request: method('POST') },
  'the method PUT': { request: method('PUT') },
  'another Upgrade': { request: without('Upgrade', 'Upgrade: foo') },
  'two values of Upgrade': { request: without('Upgrade', 'Upgrade: websocket, foo') },
  'no key': { request: without('Sec-WebSocket-Key') },
  'an empty key': { request: without('Sec-WebSocket-Key', 'Sec-WebSocket-Key:') },
  'a key of 15 bytes': { request: without('Sec-WebSocket-Key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j') },
  'a key that is not base64': {
    request: without('Sec-WebSocket-Key', 'Sec-WebSocket-Key: ~~hlIHNhbXBsZSBub25jZQ=='),
  },
  'two keys': { request: upgradeRequest('/', `Sec-WebSocket-Key: ${KEY}`) },
  'no version': { request: without('Sec-WebSocket-Version') },
  'the version 12': { request: without('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 12') },
  'the version 13x': { request: without('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 13x') },
  'a subprotocol that is not a token': { request: upgradeRequest('/', 'Sec-WebSocket-Protocol: a b') },
  'an empty subprotocol': { request: upgradeRequest('/', 'Sec-WebSocket-Protocol: a,,b') },
  'a subprotocol twice': { request: upgradeRequest('/', 'Sec-WebSocket-Protocol: a, a') },
  'another path': { request: upgradeRequest('/there'), options: { path: '/here' } },
  'a path that starts with the right one': {
    request: upgradeRequest('/here/'),
    options: { path: '/here' },
  },
  'verifyClient that refuses': { request: upgradeRequest(), options: { verifyClient: () => false } },
  'verifyClient that refuses by its callback': {
    request: upgradeRequest(),
    options: { verifyClient: (_info, done) => done(false) },
  },
  'verifyClient with a code': {
    request: upgradeRequest(),
    options: { verifyClient: (_info, done) => done(false, 404) },
  },
  'verifyClient with a code and a message': {
    request: upgradeRequest(),
    options: { verifyClient: (_info, done) => done(false, 403, 'not yöu') },
  },
  'verifyClient with a code, a message and headers': {
    request: upgradeRequest(),
    options: {
      verifyClient: (_info, done) => done(false, 429, 'slowly', { 'Retry-After': '5', 'X-Why': 'because' }),
    },
  },
  'verifyClient with headers that replace those of a refusal': {
    request: upgradeRequest(),
    options: {
      verifyClient: (_info, done) =>
        done(false, 401, '<p>no</p>', { 'Content-Type': 'text/plain', Connection: 'close' }),
    },
  },
  'a server that is closed while the client is being verified': {
    request: upgradeRequest(),
    options: {
      verifyClient(_info, done) {
        for (const server of servers) server.close();
        setImmediate(() => done(true));
      },
    },
  },
};

/** The whole response of a server, until it ends the connection. */
async function answer(peer: Peer, { request, options }: Case): Promise<string> {
  const server = new peer.WebSocketServer({ port: 0, host: '127.0.0.1', ...PLAIN, ...options });
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = net.connect(port, '127.0.0.1');
  const raw = new RawPeer(socket);
  raw.say(Buffer.from(request));
  const answered = await raw.hearRest();
  socket.destroy();
  return answered.toString('latin1').replace(/^Date: .*$/m, 'Date: now');
}

describe('a refusal has the same bytes as that of ws', () => {
  test.each(Object.entries(cases))('%s', async (_name, each) => {
    const [mine, theirs] = [await answer(ours, each), await answer(reference, each)];
    expect(mine).toBe(theirs);
    expect(theirs).toMatch(/^HTTP\/1\.1 [45]\d\d /);
    expect(theirs).toMatch(/^Connection: close\r$/m);
  });
});
