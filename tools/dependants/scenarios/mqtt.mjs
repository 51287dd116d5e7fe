/** mqtt.js over WebSocket to an aedes broker behind our server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { WebSocketServer, createWebSocketStream } from 'ws';
import { bytes, startHttp, stop } from './support/local.mjs';

/** A broker behind a WebSocket server. */
async function start(options) {
  const broker = await Aedes.createBroker();
  const { server, address } = await startHttp();
  const wss = new WebSocketServer({
    server,
    handleProtocols: (offered) => offered.has('mqtt') && 'mqtt',
    ...options,
  });
  wss.on('connection', (ws, request) => {
    const stream = createWebSocketStream(ws);
    // The end of the stream informs the broker about the end of the connection.
    stream.on('error', () => {});
    broker.handle(stream, request);
  });
  const end = async () => {
    await new Promise((resolve) => broker.close(resolve));
    await stop(server);
  };
  return { broker, wss, url: `ws://${address}/mqtt`, end };
}

for (const [how, perMessageDeflate] of [
  ['without compression', false],
  ['with compression', { threshold: 0 }],
]) {
  test(`Messages of each quality of service arrive ${how}`, async () => {
    const { wss, url, end } = await start({ perMessageDeflate });
    const options = { wsOptions: { perMessageDeflate } };
    const [reader, writer] = await Promise.all([
      mqtt.connectAsync(url, options),
      mqtt.connectAsync(url, options),
    ]);
    assert.equal(wss.clients.size, 2);
    await reader.subscribeAsync('shelf/+/state', { qos: 2 });

    const received = [];
    const payloads = [Buffer.from('small'), bytes(100_000), bytes(1_000_000, 7), Buffer.alloc(0)];
    const all = new Promise((resolve) => {
      reader.on('message', (topic, payload, { qos }) => {
        if (received.push([topic, payload, qos]) === payloads.length * 3) resolve();
      });
    });
    const sent = [];
    for (const qos of [0, 1, 2]) {
      for (const payload of payloads) {
        sent.push(['shelf/3/state', payload, qos]);
        await writer.publishAsync('shelf/3/state', payload, { qos });
      }
    }
    await all;
    // The broker handles each quality separately, and keeps the order only within one.
    for (const qos of [0, 1, 2]) {
      assert.deepEqual(
        received.filter((each) => each[2] === qos),
        sent.filter((each) => each[2] === qos),
      );
    }
    await Promise.all([reader.endAsync(), writer.endAsync()]);
    await end();
  });
}

test('A subscriber gets earlier retained messages, and the last will of a client whose connection breaks', async () => {
  const { broker, wss, url, end } = await start();
  const first = await mqtt.connectAsync(url, {
    clientId: 'first',
    reconnectPeriod: 0,
    will: { topic: 'gone', payload: Buffer.from('first is gone'), qos: 1, retain: false },
  });
  const [ws] = wss.clients;
  await first.publishAsync('kept', 'for later', { qos: 1, retain: true });

  const second = await mqtt.connectAsync(url);
  const kept = once(second, 'message');
  await second.subscribeAsync(['kept', 'gone'], { qos: 1 });
  assert.equal((await kept)[1].toString(), 'for later');

  const will = once(second, 'message');
  const closed = once(first, 'close');
  ws.terminate();
  assert.equal((await will)[1].toString(), 'first is gone');
  await closed;
  assert.equal(broker.connectedClients, 1);
  await second.endAsync();
  await end();
});

test('A client that loses its connection reconnects, and gets the messages that waited for it', async () => {
  const { wss, url, end } = await start();
  const reader = await mqtt.connectAsync(url, { clientId: 'reader', clean: false, reconnectPeriod: 10 });
  await reader.subscribeAsync('news', { qos: 1 });
  const writer = await mqtt.connectAsync(url);
  const [ws] = wss.clients;
  const [closed, again] = [once(reader, 'close'), once(reader, 'connect')];
  const news = once(reader, 'message');
  ws.terminate();
  await closed;
  await writer.publishAsync('news', 'while you were away', { qos: 1 });
  await again;
  assert.equal((await news)[1].toString(), 'while you were away');
  await Promise.all([reader.endAsync(), writer.endAsync()]);
  await end();
});
