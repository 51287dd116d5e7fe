/** engine.io, server and client, only over its WebSocket transport. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { attach } from 'engine.io';
import { Socket } from 'engine.io-client';
import { bytes, startHttp, stop, text } from './support/local.mjs';

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`Text and binary messages go both ways ${how}, then each side closes`, async () => {
    const { server, address } = await startHttp();
    const engine = attach(server, { transports: ['websocket'], perMessageDeflate });
    const open = () =>
      new Socket(`ws://${address}`, {
        transports: ['websocket'],
        perMessageDeflate,
        extraHeaders: { 'x-who': 'client' },
      });

    for (const closes of ['client', 'server']) {
      const connected = once(engine, 'connection');
      const client = open();
      const [socket] = await connected;
      socket.on('message', (data) => socket.send(data));
      if (client.readyState !== 'open') await once(client, 'open');
      assert.equal(socket.transport.name, 'websocket');
      assert.equal(socket.request.headers['x-who'], 'client');
      assert.equal(socket.transport.socket.extensions, perMessageDeflate ? 'permessage-deflate' : '');

      for (const message of ['hello', text(100_000), bytes(3), bytes(900_000)]) {
        const echoed = once(client, 'message');
        client.send(message);
        assert.deepEqual((await echoed)[0], message);
      }

      const burst = Array.from({ length: 500 }, (_, i) => `message ${i}`);
      const received = [];
      const all = new Promise((resolve) => {
        client.on('message', (message) => {
          if (received.push(message) === burst.length) resolve();
        });
      });
      for (const message of burst) client.send(message);
      await all;
      assert.deepEqual(received, burst);

      const ends = [once(client, 'close'), once(socket, 'close')];
      (closes === 'client' ? client : socket).close();
      const [[reasonOfClient], [reasonOfServer]] = await Promise.all(ends);
      assert.equal(reasonOfClient, closes === 'client' ? 'forced close' : 'transport close');
      assert.equal(reasonOfServer, closes === 'client' ? 'transport close' : 'forced close');
    }
    assert.equal(engine.clientsCount, 0);
    engine.close();
    await stop(server);
  });
}

test('A message above maxHttpBufferSize ends the connection', async () => {
  const { server, address } = await startHttp();
  const engine = attach(server, { transports: ['websocket'], maxHttpBufferSize: 1000 });
  const connected = once(engine, 'connection');
  const client = new Socket(`ws://${address}`, { transports: ['websocket'] });
  const [socket] = await connected;
  if (client.readyState !== 'open') await once(client, 'open');
  const ends = [once(client, 'close'), once(socket, 'close')];
  client.send(bytes(1001));
  const [[ofClient], [ofServer]] = await Promise.all(ends);
  assert.equal(ofClient, 'transport close');
  assert.equal(ofServer, 'transport error');
  engine.close();
  await stop(server);
});

test('A request without a known transport is refused', async () => {
  const { server, address } = await startHttp();
  const engine = attach(server, { transports: ['websocket'] });
  const client = new Socket(`ws://${address}`, { transports: ['websocket'], query: { sid: 'unknown' } });
  const error = await new Promise((resolve) => client.once('error', resolve));
  assert.equal(error.type, 'TransportError');
  engine.close();
  await stop(server);
});
