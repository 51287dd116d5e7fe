// Runs code written for reconnecting-websocket and partysocket, on those packages and on ours.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ReconnectingWebSocket, WebSocket as ByItsOtherName } from '@framewire/reconnect';
import { WebSocket, WebSocketServer } from 'framewire';
import PartySocket from 'partysocket/ws';
import Known from 'reconnecting-websocket';
import { expect, test } from 'vitest';

/** The class as the programs use it, with the types of our class. */
type Class = typeof ReconnectingWebSocket;
type Socket = InstanceType<Class>;

const CLASSES = {
  'reconnecting-websocket': Known as unknown as Class,
  partysocket: PartySocket as unknown as Class,
  '@framewire/reconnect': ReconnectingWebSocket,
  'the other name of @framewire/reconnect': ByItsOtherName,
};

const FAST = { WebSocket, minReconnectionDelay: 1, maxReconnectionDelay: 10 };

/** The next event of a type. */
function next(ws: Socket, type: 'close' | 'error' | 'message' | 'open') {
  return new Promise<{ data?: unknown; code?: number; reason?: string }>((resolve) => {
    const listener = (event: object): void => {
      ws.removeEventListener(type, listener);
      resolve(event);
    };
    ws.addEventListener(type, listener);
  });
}

/** A program. Its results must be the same with each class. */
type Program = (Class: Class, url: string, server: WebSocketServer) => Promise<unknown[]>;

const PROGRAMS: Record<string, Program> = {
  async 'sends and receives text and binary data'(Class, url) {
    const ws = new Class(url, [], FAST);
    ws.binaryType = 'arraybuffer';
    await next(ws, 'open');
    const results: unknown[] = [ws.readyState === ws.OPEN, ws.readyState === Class.OPEN, ws.url, ws.protocol];
    for (const message of ['text', Uint8Array.of(1, 2).buffer]) {
      const echoed = next(ws, 'message');
      ws.send(message);
      results.push((await echoed).data);
    }
    const closed = next(ws, 'close');
    ws.close();
    results.push((await closed).code, ws.readyState === ws.CLOSED);
    return results;
  },

  async 'sends waiting messages when it is open, with listeners set as attributes'(Class, url) {
    const ws = new Class(url, null, FAST);
    const results: unknown[] = [ws.readyState, ws.retryCount];
    ws.send('early');
    results.push(ws.bufferedAmount);
    const echoed = new Promise((resolve) => {
      ws.onopen = () => results.push('open');
      ws.onmessage = ({ data }) => resolve(data);
    });
    results.push(await echoed);
    await new Promise((resolve) => {
      ws.onclose = ({ code, reason }) => resolve(results.push(code, reason));
      ws.close(4000, 'bye');
    });
    return results;
  },

  async 'reconnects when the server ends the connection, and sends the messages that waited'(
    Class,
    url,
    server,
  ) {
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const ws = new Class(url, [], FAST);
    const [peer] = await connected;
    await next(ws, 'open');
    const [closed, opened] = [next(ws, 'close'), next(ws, 'open')];
    peer.terminate();
    const results: unknown[] = [(await closed).code];
    const echoed = next(ws, 'message');
    ws.send('meanwhile');
    await opened;
    results.push((await echoed).data);
    ws.close();
    return results;
  },

  async 'calls a function for the address of each attempt'(Class, url) {
    const addresses = ['ws://127.0.0.1:1/', url];
    let asked = 0;
    const ws = new Class(() => Promise.resolve(addresses[asked++ % 2]!), [], FAST);
    const failed = next(ws, 'error');
    await next(ws, 'open');
    await failed;
    const results = [asked, ws.url];
    ws.close();
    return results;
  },

  async 'requests a subprotocol'(Class, url) {
    const ws = new Class(url, ['chat'], FAST);
    await next(ws, 'open');
    const results = [ws.protocol];
    ws.close();
    return results;
  },

  async 'starts closed, and connects when reconnect() is called'(Class, url) {
    const ws = new Class(url, [], { ...FAST, startClosed: true });
    const results: unknown[] = [ws.readyState === ws.CLOSED];
    ws.send('early');
    ws.reconnect();
    results.push((await next(ws, 'message')).data);
    const opened = next(ws, 'open');
    ws.reconnect(4001, 'again');
    await opened;
    ws.close();
    return results;
  },

  async 'ends after maxRetries'(Class) {
    const ws = new Class('ws://127.0.0.1:1/', [], { ...FAST, maxRetries: 2 });
    for (let failures = 0; failures < 3; failures++) await next(ws, 'close');
    return [ws.retryCount];
  },

  async 'queues no more than maxEnqueuedMessages'(Class, url, server) {
    const ws = new Class(url, [], { ...FAST, maxEnqueuedMessages: 1 });
    ws.send('kept');
    ws.send('dropped');
    const [peer] = (await once(server, 'connection')) as [WebSocket];
    const received: string[] = [];
    peer.on('message', (data) => received.push(String(data)));
    await next(ws, 'message');
    const ended = once(peer, 'close');
    ws.close();
    await ended;
    return received;
  },
};

test.each(Object.entries(PROGRAMS))('a program that %s', async (_, program) => {
  const byClass: Record<string, unknown> = {};
  for (const [name, Class] of Object.entries(CLASSES)) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => {
        ws.send(data, { binary: isBinary });
      });
    });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    byClass[name] = (await program(Class, url, server)).map((result) =>
      result === url ? 'the address' : result,
    );
    for (const client of server.clients) client.terminate();
    server.close();
  }
  const ours = byClass['@framewire/reconnect'];
  expect(ours).not.toEqual([]);
  expect(byClass).toEqual(Object.fromEntries(Object.keys(CLASSES).map((name) => [name, ours])));
});
