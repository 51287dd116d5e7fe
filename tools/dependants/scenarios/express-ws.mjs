/** express-ws: WebSocket routes of an Express application. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import express from 'express';
import expressWs from 'express-ws';
import WebSocket from 'ws';
import { bytes, echo, ending, nextMessage, text } from './support/local.mjs';

/** An application with its routes, listening on a free port. */
async function start(wsOptions) {
  const { app, getWss, applyTo } = expressWs(express(), undefined, { wsOptions });
  app.use((request, response, next) => {
    request.who = request.headers['x-who'] ?? 'nobody';
    next();
  });
  app.get('/page', (request, response) => response.send(`a page for ${request.who}`));
  app.ws('/echo', (ws) => echo(ws));
  const router = express.Router();
  applyTo(router);
  router.ws('/:room', (ws, request) => {
    ws.send(`${request.who} in ${request.params.room}`);
    ws.on('message', (data) => {
      for (const client of getWss().clients) client.send(`all: ${data}`);
    });
  });
  app.use('/rooms', router);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, wss: getWss(), address: `127.0.0.1:${server.address().port}` };
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`A route echoes text and binary ${how}, and the application still serves a page`, async () => {
    const { server, address } = await start({ perMessageDeflate });
    assert.equal(await (await fetch(`http://${address}/page`)).text(), 'a page for nobody');
    const ws = new WebSocket(`ws://${address}/echo`);
    await once(ws, 'open');
    for (const message of ['hello', text(100_000), bytes(1_000_000)]) {
      ws.send(message);
      assert.deepEqual(await nextMessage(ws), message);
    }
    ws.close(3000, 'done');
    assert.deepEqual(await ending(ws), [3000, 'done']);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
}

test('A router receives parameters and the result of middleware, and sends to all clients', async () => {
  const { server, wss, address } = await start();
  const open = async (room) => {
    const ws = new WebSocket(`ws://${address}/rooms/${room}`, { headers: { 'x-who': 'ann' } });
    assert.equal(await nextMessage(ws), `ann in ${room}`);
    return ws;
  };
  const [one, two] = [await open('blue'), await open('red')];
  assert.equal(wss.clients.size, 2);
  const messages = [one, two].map(nextMessage);
  one.send('x');
  assert.deepEqual(await Promise.all(messages), ['all: x', 'all: x']);
  for (const ws of [one, two]) {
    ws.close();
    await once(ws, 'close');
  }
  server.close();
  await once(server, 'close');
});

test('A connection to a path without a route is closed', async () => {
  const { server, address } = await start();
  const ws = new WebSocket(`ws://${address}/nowhere`);
  assert.equal((await ending(ws))[0], 1005);
  server.close();
  await once(server, 'close');
});
