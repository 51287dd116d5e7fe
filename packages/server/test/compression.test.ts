// Which offers of compression a server accepts, and how its answers compare with those of ws.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { WebSocket, type RawData } from 'ws';
import { expect, test } from 'vitest';
import {
  answerTo,
  closing,
  OurWebSocketServer,
  outcomeOf,
  serverOf,
  TheirWebSocketServer,
  upgradeRequest,
  withBoth,
} from './support/peers.ts';

test.each([
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_max_window_bits=10',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; unknown',
  'permessage-deflate; client_max_window_bits; client_max_window_bits',
  'x-other',
  ',',
])('answers the offer %j like ws, with and without compression', async (offer) => {
  const request = upgradeRequest({ 'Sec-WebSocket-Extensions': offer });
  for (const perMessageDeflate of [true, false, { clientMaxWindowBits: 9 }]) {
    const [answer] = await withBoth(async (Server) => {
      const { port } = await serverOf(Server, { perMessageDeflate });
      return [await answerTo(port, request)];
    });
    if (perMessageDeflate === false) expect(answer).not.toContain('Extensions');
  }
});

// Each server requires something that the offer does not allow. The first offer is that of Firefox.
test.each<[offer: string, options: object]>([
  ['permessage-deflate', { clientMaxWindowBits: 10 }],
  ['permessage-deflate; client_max_window_bits=9', { clientMaxWindowBits: 10 }],
  ['permessage-deflate; server_max_window_bits=9', { serverMaxWindowBits: 10 }],
  ['permessage-deflate; server_max_window_bits=10', { serverMaxWindowBits: false }],
  ['permessage-deflate; server_no_context_takeover', { serverNoContextTakeover: false }],
])('the offer %j to a server with %j opens a connection without compression', async (offer, options) => {
  const request = upgradeRequest({ 'Sec-WebSocket-Extensions': offer });
  const lines: string[] = [];
  for (const Server of [OurWebSocketServer, TheirWebSocketServer]) {
    const { wss, port } = await serverOf(Server, { perMessageDeflate: options });
    wss.on('wsClientError', (_error, socket) => {
      lines.push('wsClientError');
      socket.destroy();
    });
    const answer = await answerTo(port, request);
    lines.push(answer.split('\r\n', 1)[0] ?? '');
    expect(answer).not.toContain('Sec-WebSocket-Extensions');
  }
  // ws refuses the client.
  expect(lines).toEqual(['HTTP/1.1 101 Switching Protocols', 'wsClientError', '']);
});

test('accepts the next offer after one that it declines', async () => {
  const { port } = await serverOf(OurWebSocketServer, { perMessageDeflate: { clientMaxWindowBits: 10 } });
  const offers = 'permessage-deflate, permessage-deflate; client_max_window_bits';
  const answer = await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Extensions': offers }));
  expect(answer).toContain('\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n');
});

test('compresses in both directions after it accepts an offer', async () => {
  const { wss, url } = await serverOf(OurWebSocketServer, { perMessageDeflate: { threshold: 0 } });
  wss.on('connection', (ws) => {
    ws.on('message', (data: RawData, binary) => ws.send(data, { binary }));
  });
  const client = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
  await outcomeOf(client);
  expect(client.extensions).toBe('permessage-deflate');
  const text = 'again and again '.repeat(20);
  client.send(text);
  const [data] = (await once(client, 'message')) as [Buffer];
  expect(data.toString()).toBe(text);
  client.terminate();
});

test('accepts the next offer after one with an invalid value, where ws refuses both', async () => {
  const offers = 'permessage-deflate; server_max_window_bits=7, permessage-deflate';
  const { port } = await serverOf(OurWebSocketServer, { perMessageDeflate: true });
  const answer = await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Extensions': offers }));
  expect(answer).toMatch(/\r\nSec-WebSocket-Extensions: permessage-deflate\r\n/);
});

test.each([7, 16, 'x', 0, 10.5])('the constructor rejects a window of %j', (bits) => {
  for (const name of ['serverMaxWindowBits', 'clientMaxWindowBits']) {
    const perMessageDeflate = { [name]: bits };
    expect(() => new OurWebSocketServer({ noServer: true, perMessageDeflate })).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'WS_ERR_ILLEGAL_WINDOW_BITS' }),
    );
  }
});

test('the constructor rejects an unknown profile', () => {
  const perMessageDeflate = { profile: 'exclusive' as 'shared' };
  expect(() => new OurWebSocketServer({ noServer: true, perMessageDeflate })).toThrow(TypeError);
});

test.each([10, '10'])('sends a window of %j to the client, from a number or a string', async (bits) => {
  const perMessageDeflate = { serverMaxWindowBits: bits as number, threshold: 0 };
  const { wss, url } = await serverOf(OurWebSocketServer, { perMessageDeflate });
  const text = 'again and again '.repeat(200);
  wss.on('connection', (ws) => ws.send(text));
  const client = new WebSocket(url);
  const upgraded = once(client, 'upgrade');
  const message = once(client, 'message');
  const [{ headers }] = (await upgraded) as [IncomingMessage];
  expect(headers['sec-websocket-extensions']).toBe('permessage-deflate; server_max_window_bits=10');
  const [data] = (await message) as [Buffer];
  expect(data.toString()).toBe(text);
  client.terminate();
});

test('ignores zlib options that are null', async () => {
  const nothing = { zlibDeflateOptions: null, zlibInflateOptions: null } as unknown as object;
  const { wss, url } = await serverOf(OurWebSocketServer, {
    perMessageDeflate: { threshold: 0, ...nothing },
  });
  wss.on('connection', (ws) => ws.send('hello'));
  const client = new WebSocket(url);
  const [data] = (await once(client, 'message')) as [Buffer];
  expect(data.toString()).toBe('hello');
  client.terminate();
});

/** A compressed text message of a client in one frame, masked with zeros, in hex. */
function compressedFrame(payload: string): string {
  const length = (0x80 | (payload.length / 2)).toString(16);
  return `c1${length}00000000${payload}`;
}

// "Hello" compressed on its own, and as a reference to the previous message (RFC 7692 §7.2.3.1, §7.2.3.2).
test.each([
  [{}, 'f200110000'],
  [{ clientNoContextTakeover: true }, 'f248cdc9c90700'],
])(
  'with %j reads an empty compressed payload as an empty message, and the next messages correctly',
  async (options, again) => {
    const { wss, port } = await serverOf(OurWebSocketServer, { perMessageDeflate: options });
    const events: string[] = [];
    const closed = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        ws.on('message', (data: Buffer) => events.push(data.toString()));
        ws.on('error', (error) => events.push(error.message));
        ws.on('close', resolve);
      });
    });
    const socket = net.connect(port, '127.0.0.1');
    closing(() => socket.destroy());
    socket.write(upgradeRequest({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }));
    await once(socket, 'data');
    const frames = ['f248cdc9c90700', '', again, ''].map(compressedFrame);
    socket.write(Buffer.from([...frames, '888000000000'].join(''), 'hex'));
    await closed;
    expect(events).toEqual(['Hello', '', 'Hello', '']);
  },
);
