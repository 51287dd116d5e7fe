/** isomorphic-ws: the same class, under another name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import isomorphic from 'isomorphic-ws';
import WebSocket, { WebSocketServer } from 'ws';
import { bytes, echo, ending, nextMessage, startHttp, stop } from './support/local.mjs';

test('import and require() return the same class', () => {
  const require = createRequire(import.meta.url);
  assert.equal(isomorphic, WebSocket);
  assert.equal(require('isomorphic-ws'), WebSocket);
  assert.equal(require('ws'), WebSocket);
});

test('Its server and its client exchange messages', async () => {
  const { server, address } = await startHttp();
  const wss = new isomorphic.Server({ server });
  assert.ok(wss instanceof WebSocketServer);
  wss.on('connection', echo);
  const ws = new isomorphic(`ws://${address}`);
  await once(ws, 'open');
  ws.send(bytes(1000));
  assert.deepEqual(await nextMessage(ws), bytes(1000));
  ws.close(1000, 'done');
  assert.deepEqual(await ending(ws), [1000, 'done']);
  await stop(server);
});
