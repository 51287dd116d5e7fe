// pause() while the connection is not open yet.
import { once } from 'node:events';
import { WebSocket } from '@framewire/client';
import { expect, test } from 'vitest';
import { wsServer } from './support/servers.ts';

test('pause() before open holds messages until resume()', async () => {
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
  // Opening another connection takes longer than a message would.
  const other = new WebSocket(url);
  await once(other, 'message');
  expect([messages, ws.isPaused]).toEqual([[], true]);
  ws.resume();
  await once(ws, 'message');
  expect([messages, ws.isPaused]).toEqual([['early'], false]);
  ws.terminate();
  other.terminate();
});

test('resume() before open reverts pause()', async () => {
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
