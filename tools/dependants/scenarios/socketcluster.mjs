/** SocketCluster: calls, channels and streams between its server and its client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'socketcluster-client';
import server from 'socketcluster-server';
import { startHttp, stop, text } from './support/local.mjs';

test('Calls are answered, and publications reach each subscriber', async () => {
  const { server: http, address } = await startHttp();
  const agServer = server.attach(http);
  (async () => {
    for await (const { socket } of agServer.listener('connection')) {
      (async () => {
        for await (const request of socket.procedure('echo')) {
          if (request.data === 'bad') request.error(new Error('bad data'));
          else request.end(request.data);
        }
      })();
    }
  })();
  const [hostname, port] = address.split(':');
  const options = { hostname, port: Number(port), autoReconnect: false };
  const [one, two] = [0, 1].map(() => client.create(options));
  assert.equal(await one.invoke('echo', text(100_000)), text(100_000));
  await assert.rejects(one.invoke('echo', 'bad'), { message: 'bad data' });

  const channel = two.subscribe('news');
  await channel.listener('subscribe').once();
  const heard = channel.createConsumer();
  for (let i = 0; i < 100; i++) one.transmitPublish('news', i);
  for (let i = 0; i < 100; i++) assert.equal((await heard.next()).value, i);

  for (const socket of [one, two]) {
    const closed = socket.listener('close').once();
    socket.disconnect(4000, 'done');
    assert.equal((await closed).code, 4000);
  }
  await agServer.close();
  await stop(http);
});
