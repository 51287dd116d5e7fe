/** reconnecting-websocket: a client that reconnects. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import Reconnecting from 'reconnecting-websocket';
import WebSocket, { WebSocketServer } from 'ws';
import { bytes, echo, startHttp, stop, text } from './support/local.mjs';

/** The next event of a kind. */
function next(target, type) {
  return new Promise((resolve) => {
    const listener = (event) => {
      target.removeEventListener(type, listener);
      resolve(event);
    };
    target.addEventListener(type, listener);
  });
}

test('Messages go both ways, and those sent while it is disconnected arrive after it reconnects', async () => {
  const { server, address } = await startHttp();
  const wss = new WebSocketServer({ server });
  wss.on('connection', echo);
  const connected = once(wss, 'connection');
  const ws = new Reconnecting(`ws://${address}`, [], {
    WebSocket,
    minReconnectionDelay: 1,
    maxReconnectionDelay: 10,
  });
  ws.binaryType = 'arraybuffer';
  await next(ws, 'open');
  const [peer] = await connected;
  for (const message of ['hello', text(100_000)]) {
    const echoed = next(ws, 'message');
    ws.send(message);
    assert.equal((await echoed).data, message);
  }
  const echoed = next(ws, 'message');
  ws.send(bytes(10_000));
  assert.deepEqual(Buffer.from((await echoed).data), bytes(10_000));

  const lost = next(ws, 'close');
  const again = once(wss, 'connection');
  peer.terminate();
  await lost;
  const answered = next(ws, 'message');
  ws.send('while apart');
  const [second] = await again;
  assert.equal((await answered).data, 'while apart');
  const closed = once(second, 'close');
  ws.close(1000, 'done');
  assert.deepEqual((await closed).map(String), ['1000', 'done']);
  await stop(server);
});
