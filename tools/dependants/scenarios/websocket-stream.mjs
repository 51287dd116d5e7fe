/** websocket-stream, made for ws 3: streams over connections, and a subclass of the server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import websocketStream from 'websocket-stream';
import { bytes, startHttp, stop } from './support/local.mjs';

test('Bytes flow through the streams of both sides, and the end of one ends the other', async () => {
  const { server, address } = await startHttp();
  const streams = new websocketStream.Server({ server, perMessageDeflate: false });
  streams.on('stream', (stream) => stream.pipe(stream));
  const stream = websocketStream(`ws://${address}`);
  const sent = bytes(2_000_000);
  const received = [];
  let length = 0;
  const all = new Promise((resolve) => {
    stream.on('data', (chunk) => {
      received.push(chunk);
      length += chunk.length;
      if (length === sent.length) resolve();
    });
  });
  for (let at = 0; at < sent.length; at += 50_000) stream.write(sent.subarray(at, at + 50_000));
  await all;
  assert.deepEqual(Buffer.concat(received), sent);
  const [ws] = streams.clients;
  const closed = once(ws, 'close');
  stream.end();
  await closed;
  await stop(server);
});
