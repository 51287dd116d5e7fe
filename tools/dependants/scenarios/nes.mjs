/** @hapi/nes: requests, subscriptions and messages of a hapi server, with its own client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import hapi from '@hapi/hapi';
import nes from '@hapi/nes';
import { text } from './support/local.mjs';

test('Requests, publications and broadcasts reach their clients', async () => {
  const server = hapi.server({ port: 0, host: '127.0.0.1' });
  await server.register({ plugin: nes, options: { onMessage: (socket, message) => `heard ${message}` } });
  server.route({
    method: 'POST',
    path: '/echo/{name}',
    handler: ({ params, payload }) => ({ name: params.name, payload }),
  });
  server.subscription('/rooms/{name}');
  await server.start();

  const clients = [0, 1].map(() => new nes.Client(`ws://127.0.0.1:${server.info.port}`));
  await Promise.all(clients.map((client) => client.connect({ reconnect: false })));
  const [client] = clients;
  const { payload, statusCode } = await client.request({
    method: 'POST',
    path: '/echo/ann',
    payload: { words: text(50_000) },
  });
  assert.equal(statusCode, 200);
  assert.deepEqual(payload, { name: 'ann', payload: { words: text(50_000) } });
  await assert.rejects(client.request('/nowhere'), { message: 'Not Found' });
  assert.equal((await client.message('hello')).payload, 'heard hello');

  const published = new Promise((resolve) => {
    client.subscribe('/rooms/blue', resolve).then(() => server.publish('/rooms/blue', { news: 1 }));
  });
  assert.deepEqual(await published, { news: 1 });
  const updates = clients.map((each) => new Promise((resolve) => (each.onUpdate = resolve)));
  server.broadcast('to all');
  assert.deepEqual(await Promise.all(updates), ['to all', 'to all']);
  await Promise.all(clients.map((each) => each.disconnect()));
  await server.stop();
});
