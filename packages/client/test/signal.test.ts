// Attempts and connections that a signal ends.
import { getEventListeners, once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestOf, WebSocket } from '@framewire/client';
import { WebSocketServer } from 'ws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

let server: Server;
let wss: WebSocketServer;
let url: string;

beforeAll(async () => {
  server = http.createServer();
  wss = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  wss.close();
  server.closeAllConnections();
  server.close();
});

/** The events at the end of a connection. */
function endOf(ws: WebSocket): Promise<unknown[]> {
  const log: unknown[] = [];
  ws.on('open', () => log.push('open')).on('error', (error) => log.push(error));
  return new Promise((resolve) => {
    ws.on('close', (code) => resolve([...log, code]));
  });
}

/** How many listeners a signal has. */
function listenersOf(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

const ABORTED = expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' }) as Error;

test('a signal that has already aborted prevents the request', async () => {
  const requested = vi.fn();
  server.on('upgrade', requested);
  const ws = new WebSocket(url, { signal: AbortSignal.abort('enough') });
  expect(await endOf(ws)).toEqual([ABORTED, 1006]);
  expect(requested).not.toHaveBeenCalled();
});

test('a signal that aborts during the attempt causes error with an AbortError, then close', async () => {
  const controller = new AbortController();
  const ws = new WebSocket(url, { signal: controller.signal });
  const end = endOf(ws);
  controller.abort('enough');
  expect(await end).toEqual([ABORTED, 1006]);
  expect(listenersOf(controller.signal)).toBe(0);
});

test('a signal has one listener until the connection has closed, even after removeAllListeners()', async () => {
  const { signal } = new AbortController();
  const ws = new WebSocket(url, { signal });
  expect(listenersOf(signal)).toBe(1);
  await once(ws, 'open');
  expect(listenersOf(signal)).toBe(1);
  ws.removeAllListeners();
  ws.close();
  await once(ws, 'close');
  expect(listenersOf(signal)).toBe(0);
});

test.each<[string, (ws: WebSocket) => void]>([
  ['is aborted by close()', (ws) => ws.close()],
  ['fails', (ws) => requestOf(ws)?.destroy(new Error('lost'))],
])('a signal has no listener after an attempt %s, even after removeAllListeners()', async (_, end) => {
  const { signal } = new AbortController();
  const ws = new WebSocket(url, { signal });
  const ended = endOf(ws.removeAllListeners());
  end(ws);
  await ended;
  expect(listenersOf(signal)).toBe(0);
});

test('a signal closes an open connection with 1001, and then has no listener', async () => {
  const controller = new AbortController();
  const accepted = once(wss, 'connection') as Promise<[WebSocket]>;
  const ws = new WebSocket(url, { signal: controller.signal });
  await once(ws, 'open');
  const [peer] = await accepted;
  const closed = once(peer, 'close');
  controller.abort('enough');
  expect((await closed)[0]).toBe(1001);
  if (ws.readyState !== ws.CLOSED) await once(ws, 'close');
  expect(listenersOf(controller.signal)).toBe(0);
});

test('disposing of a connection closes it in any state', async () => {
  const ws = new WebSocket(url);
  await once(ws, 'open');
  await ws[Symbol.asyncDispose]();
  expect(ws.readyState).toBe(ws.CLOSED);
  await ws[Symbol.asyncDispose]();
  const early = new WebSocket(url);
  await early[Symbol.asyncDispose]();
  expect(early.readyState).toBe(early.CLOSED);
});
