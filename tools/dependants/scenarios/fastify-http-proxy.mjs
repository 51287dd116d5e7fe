/** @fastify/http-proxy: connections through a proxy, which is a plugin of Fastify. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';
import WebSocket from 'ws';
import { bytes, echo, ending, nextMessage, startService, text } from './support/local.mjs';

test('Messages, close codes and the subprotocol pass through', async () => {
  const upstream = await startService(
    (ws, { url, headers }) => {
      ws.send(`${url} ${headers['x-who']}`);
      ws.on('message', (data) => data.toString() === 'bye' && ws.close(4001, 'bye'));
      echo(ws);
    },
    { handleProtocols: (protocols) => [...protocols].at(-1) },
  );
  const app = fastify();
  await app.register(proxy, {
    upstream: `http://${upstream.address}`,
    prefix: '/api',
    rewritePrefix: '/v1',
    websocket: true,
    wsClientOptions: { rewriteRequestHeaders: (headers) => ({ ...headers, 'x-who': 'proxy' }) },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const ws = new WebSocket(`ws://127.0.0.1:${app.server.address().port}/api/room?a=1`, ['one', 'two']);
  assert.equal(await nextMessage(ws), '/v1/room?a=1 proxy');
  assert.equal(ws.protocol, 'one');
  for (const message of [text(100_000), bytes(300_000)]) {
    ws.send(message);
    assert.deepEqual(await nextMessage(ws), message);
  }
  const ended = ending(ws);
  ws.send('bye');
  assert.deepEqual(await ended, [4001, 'bye']);
  await app.close();
  const [peer] = upstream.wss.clients;
  if (peer) await once(peer, 'close');
  await upstream.end();
});
