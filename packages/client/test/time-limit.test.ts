// The timeout of the opening handshake, with fake timers.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from '@framewire/client';
import { expect, test, vi } from 'vitest';
import { closeOf, httpServer, wsServer } from './support/servers.ts';

test('an open connection leaves no timer, and one listener for errors on its socket', async () => {
  const { url } = await wsServer();
  const ws = new WebSocket(url, { handshakeTimeout: 60_000 });
  expect(vi.getTimerCount()).toBe(1);
  const [[response]] = await Promise.all([
    once(ws, 'upgrade') as Promise<[IncomingMessage]>,
    once(ws, 'open'),
  ]);
  expect(response.socket.listenerCount('error')).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  ws.terminate();
});

test('close() in a listener of redirect leaves no timer', async () => {
  const { url } = await httpServer((_request, response) => {
    response.writeHead(302, { location: '/b' }).end();
  });
  const ws = new WebSocket(url, { followRedirects: true, handshakeTimeout: 60_000 });
  ws.on('error', () => {});
  ws.on('redirect', () => ws.close());
  await closeOf(ws);
  expect(vi.getTimerCount()).toBe(0);
});

test('a listener of unexpected-response that does nothing does not keep the WebSocket connecting', async () => {
  const { url } = await httpServer((_request, response) => {
    response.writeHead(401).write('a part');
  });
  const ws = new WebSocket(url, { handshakeTimeout: 60_000 });
  const errors: string[] = [];
  ws.on('error', ({ message }) => errors.push(message));
  await once(ws, 'unexpected-response');
  vi.advanceTimersByTime(59_999);
  expect(ws.readyState).toBe(ws.CONNECTING);
  vi.advanceTimersByTime(1);
  expect(await closeOf(ws)).toEqual([1006, Buffer.alloc(0)]);
  expect(errors).toEqual(['Opening handshake has timed out']);
});
