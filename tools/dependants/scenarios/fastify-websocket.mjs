/** @fastify/websocket: WebSocket routes of a Fastify application. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import websocket from '@fastify/websocket';
import fastify from 'fastify';
import WebSocket from 'ws';
import { bytes, echo, ending, nextMessage, text } from './support/local.mjs';

/** An application with its routes, listening on a free port. */
async function start(options) {
  const app = fastify();
  await app.register(websocket, { options });
  app.addHook('preValidation', async (request, reply) => {
    if (request.headers.authorization === 'none') await reply.code(401).send('who are you?');
  });
  app.get('/echo', { websocket: true }, (socket) => echo(socket));
  app.get('/rooms/:name', { websocket: true }, (socket, request) => {
    socket.send(`${request.params.name} ${request.query.as}`);
    socket.once('message', () => socket.close(4001, 'enough'));
  });
  app.get('/everybody', { websocket: true }, (socket) => {
    socket.on('message', (data) => {
      for (const client of app.websocketServer.clients) client.send(`to all: ${data}`);
    });
  });
  app.get('/broken', { websocket: true }, () => {
    throw new Error('broken');
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { app, url: `ws://127.0.0.1:${app.server.address().port}` };
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`A route echoes text and binary ${how}, and the application closes its clients`, async () => {
    const { app, url } = await start({ perMessageDeflate });
    const ws = new WebSocket(`${url}/echo`);
    await once(ws, 'open');
    for (const message of ['hello', text(100_000), bytes(1_000_000)]) {
      ws.send(message);
      assert.deepEqual(await nextMessage(ws), message);
    }
    const closed = ending(ws);
    await app.close();
    assert.equal((await closed)[0], 1005);
  });
}

test("The handler gets the parameters and the query, and the client gets the server's close code", async () => {
  const { app, url } = await start();
  const ws = new WebSocket(`${url}/rooms/blue?as=ann`);
  assert.equal(await nextMessage(ws), 'blue ann');
  ws.send('bye');
  assert.deepEqual(await ending(ws), [4001, 'enough']);
  await app.close();
});

test('A message is passed on to all clients of the server', async () => {
  const { app, url } = await start();
  const all = [0, 1, 2].map(() => new WebSocket(`${url}/everybody`));
  await Promise.all(all.map((ws) => once(ws, 'open')));
  const messages = all.map(nextMessage);
  all[0].send('x');
  assert.deepEqual(await Promise.all(messages), Array(3).fill('to all: x'));
  await app.close();
});

test('A hook refuses an upgrade, an unknown route gets 404, and a handler that throws ends its connection', async () => {
  const { app, url } = await start();
  for (const [path, headers, status] of [
    ['/echo', { authorization: 'none' }, 401],
    ['/nowhere', {}, 404],
  ]) {
    const refused = new WebSocket(url + path, { headers });
    const [error] = await once(refused, 'close').catch((reason) => [reason]);
    assert.equal(error.message, `Unexpected server response: ${status}`);
  }
  const broken = new WebSocket(`${url}/broken`);
  assert.equal((await ending(broken))[0], 1006);
  await app.close();
});

test('injectWS() connects to a route without a port', async () => {
  const { app } = await start();
  const ws = await app.injectWS('/echo');
  ws.send('injected');
  assert.equal(await nextMessage(ws), 'injected');
  ws.terminate();
  await app.close();
});
