/** @hono/node-ws: WebSocket routes of a Hono application. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { serve } from '@hono/node-server';
import { createNodeWebSocket } from '@hono/node-ws';
import { Hono } from 'hono';
import WebSocket from 'ws';
import { bytes, ending, nextMessage, stop, text } from './support/local.mjs';

test('A route echoes and closes its connection, and other routes refuse an upgrade', async () => {
  const app = new Hono();
  const { injectWebSocket, upgradeWebSocket } = createNodeWebSocket({ app });
  const left = new Promise((resolve) => {
    app.get(
      '/echo/:name',
      upgradeWebSocket((context) => ({
        onOpen: (event, ws) => ws.send(context.req.param('name')),
        onMessage: ({ data }, ws) => (data === 'bye' ? ws.close(4001, 'bye') : ws.send(data)),
        onClose: ({ code }) => resolve(code),
      })),
    );
  });
  app.get('/secret', (context) => context.text('who are you?', 401));
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  injectWebSocket(server);
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}`;

  const ws = new WebSocket(`${url}/echo/ann`);
  assert.equal(await nextMessage(ws), 'ann');
  for (const message of ['hello', text(100_000), bytes(100_000)]) {
    ws.send(message);
    assert.deepEqual(await nextMessage(ws), message);
  }
  ws.send('bye');
  assert.deepEqual(await ending(ws), [4001, 'bye']);
  assert.equal(await left, 4001);
  for (const path of ['/secret', '/nowhere']) {
    const [error] = await once(new WebSocket(url + path), 'error');
    assert.match(error.message, /hang up|ECONNRESET|Unexpected server response/);
  }
  await stop(server);
});
