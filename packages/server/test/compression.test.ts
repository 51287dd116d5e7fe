// Which offers of compression a server accepts, and with what answer, to the byte as ws does.
import { once } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import { expect, test } from 'vitest';
import {
  answerTo,
  OurWebSocketServer,
  outcomeOf,
  serverOf,
  upgradeRequest,
  withBoth,
} from './support/peers.ts';

test.each([
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_max_window_bits=10',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; unknown',
  'permessage-deflate; client_max_window_bits; client_max_window_bits',
  'x-other',
  ',',
])('the offer %j is answered as by ws, whether compression is wanted or not', async (offer) => {
  const request = upgradeRequest({ 'Sec-WebSocket-Extensions': offer });
  for (const perMessageDeflate of [true, false, { clientMaxWindowBits: 9 }]) {
    const [answer] = await withBoth(async (Server) => {
      const { port } = await serverOf(Server, { perMessageDeflate });
      return [await answerTo(port, request)];
    });
    if (perMessageDeflate === false) expect(answer).not.toContain('Extensions');
  }
});

test('an accepted offer compresses both ways', async () => {
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

test('an offer with a value that cannot be leaves the next one in force, where ws refuses both', async () => {
  const offers = 'permessage-deflate; server_max_window_bits=7, permessage-deflate';
  const { port } = await serverOf(OurWebSocketServer, { perMessageDeflate: true });
  const answer = await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Extensions': offers }));
  expect(answer).toMatch(/\r\nSec-WebSocket-Extensions: permessage-deflate\r\n/);
});
