// pause() while the connection is still being made.
import { once } from 'node:events';
import { WebSocket } from '@framewire/client';
import { expect, test } from 'vitest';
import { wsServer } from './support/servers.ts';

test('pause() before open holds what comes until resume()', async () => {
  const { url, wss } = await wsServer();
  wss.on('connection', (peer) => {
    peer.send('early');
  });
  const ws = new WebSocket(url);
  const messages: string[] = [];
  ws.on('message', (data) => messages.push((data as Buffer).toString()));
  ws.pause();
  expect(ws.isPaused).toBe(true);
  await once(ws, 'open');
  // Time enough for what would have come: a whole other connection.
  const other = new WebSocket(url);
  await once(other, 'message');
  expect([messages, ws.isPaused]).toEqual([[], true]);
  ws.resume();
  await once(ws, 'message');
  expect([messages, ws.isPaused]).toEqual([['early'], false]);
  ws.terminate();
  other.terminate();
});

test('resume() before open takes pause() back', async () => {
  const { url, wss } = await wsServer();
  wss.on('connection', (peer) => {
    peer.send('early');
  });
  const ws = new WebSocket(url);
  ws.pause();
  ws.resume();
  expect((await once(ws, 'message'))[0]).toEqual(Buffer.from('early'));
  ws.terminate();
});
