/** socket.io, server and client, only over its WebSocket transport. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import msgpack from 'socket.io-msgpack-parser';
import { bytes, startHttp, text } from './support/local.mjs';

/** A server on a free port, and a way to connect to it. */
async function start(options = {}) {
  const { server, address } = await startHttp();
  const own = { transports: ['websocket'], ...options };
  const socketServer = new Server(server, own);
  const clients = [];
  const connect = (more = {}) => {
    const client = io(`ws://${address}`, { ...own, forceNew: true, ...more });
    clients.push(client);
    return client;
  };
  const end = async () => {
    // Otherwise, the clients would try to reconnect.
    for (const client of clients) client.disconnect();
    await socketServer.close();
  };
  return { socketServer, connect, end };
}

/** Connects, and waits until both sides are connected. */
async function meet({ socketServer, connect }, options) {
  const connected = once(socketServer, 'connection');
  const client = connect(options);
  await once(client, 'connect');
  const [socket] = await connected;
  return { client, socket };
}

const VARIANTS = [
  ['without compression', { perMessageDeflate: false }],
  ['with compression', { perMessageDeflate: { threshold: 0 } }],
  ['with another parser', { parser: msgpack }],
];

for (const [how, options] of VARIANTS) {
  test(`A broadcast reaches only the clients in the room, ${how}`, async () => {
    const stage = await start(options);
    const pairs = [await meet(stage), await meet(stage), await meet(stage)];
    const received = pairs.map(({ client }) => {
      const list = [];
      client.on('news', (...args) => list.push(args));
      return list;
    });
    pairs[0].socket.join('room');
    pairs[1].socket.join('room');

    const { socketServer } = stage;
    const ends = pairs.map(({ client }) => once(client, 'end'));
    socketServer.to('room').emit('news', 'to the room', { nested: [text(20_000)] });
    pairs[0].socket.to('room').emit('news', 'to the others in it', 1);
    pairs[0].socket.broadcast.emit('news', 'to all others', bytes(5000));
    socketServer.emit('news', 'to all', null);
    socketServer.emit('end');
    await Promise.all(ends);

    const toRoom = ['to the room', { nested: [text(20_000)] }];
    const toOthers = ['to all others', bytes(5000)];
    assert.deepEqual(received, [
      [toRoom, ['to all', null]],
      [toRoom, ['to the others in it', 1], toOthers, ['to all', null]],
      [toOthers, ['to all', null]],
    ]);
    await stage.end();
  });

  test(`Binary attachments go both ways and are acknowledged, ${how}`, async () => {
    const stage = await start(options);
    const { client, socket } = await meet(stage);
    const sent = { name: 'picture', parts: [bytes(10), bytes(300_000, 2)], text: text(100) };
    socket.on('upload', (value, acknowledge) => {
      assert.deepEqual(value, sent);
      acknowledge({ ...value, back: Buffer.from('ok') });
    });
    assert.deepEqual(await client.emitWithAck('upload', sent), { ...sent, back: Buffer.from('ok') });

    client.on('download', (value, acknowledge) => acknowledge(value));
    assert.deepEqual(await socket.timeout(20_000).emitWithAck('download', sent), sent);
    const expected = options.perMessageDeflate ? 'permessage-deflate' : '';
    assert.equal(socket.conn.transport.socket.extensions, expected);
    client.disconnect();
    await once(socket, 'disconnect');
    await stage.end();
  });
}

test('Many messages arrive in order, and a second namespace answers', async () => {
  const stage = await start();
  const { client, socket } = await meet(stage);
  const count = 2000;
  const received = [];
  const all = new Promise((resolve) => {
    socket.on('number', (number) => {
      if (received.push(number) === count) resolve();
    });
  });
  for (let i = 0; i < count; i++) client.emit('number', i);
  await all;
  assert.deepEqual(
    received,
    Array.from({ length: count }, (_, i) => i),
  );

  const connected = once(stage.socketServer.of('/admin'), 'connection');
  const admin = client.io.socket('/admin');
  const [inside] = await connected;
  inside.on('question', (answer) => answer('from the namespace'));
  assert.equal(await admin.emitWithAck('question'), 'from the namespace');
  admin.disconnect();
  await stage.end();
});

test('A client that loses its connection reconnects, and gets what was sent meanwhile', async () => {
  const stage = await start({ connectionStateRecovery: { maxDisconnectionDuration: 60_000 } });
  const { client, socket } = await meet(stage, { reconnectionDelay: 10, reconnectionDelayMax: 10 });
  const first = once(client, 'news');
  socket.emit('news', 'before');
  // Each message ends with the offset from which the server resends what a client has missed.
  assert.equal((await first)[0], 'before');

  const lost = once(client, 'disconnect');
  const gone = once(socket, 'disconnect');
  const again = once(stage.socketServer, 'connection');
  const missed = once(client, 'news');
  socket.conn.transport.socket.terminate();
  assert.equal((await lost)[0], 'transport close');
  assert.equal((await gone)[0], 'transport close');
  stage.socketServer.emit('news', 'meanwhile');
  const [recovered] = await again;
  assert.equal((await missed)[0], 'meanwhile');
  assert.equal(recovered.recovered, true);
  assert.equal(recovered.id, socket.id);
  await stage.end();
});

test('Middleware can refuse a client', async () => {
  const stage = await start();
  stage.socketServer.use((socket, next) => next(new Error('not today')));
  const client = stage.connect();
  const error = await new Promise((resolve) => client.once('connect_error', resolve));
  assert.equal(error.message, 'not today');
  await stage.end();
});
