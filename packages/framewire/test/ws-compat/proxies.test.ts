// Clients, servers and events behind proxies, as reactive libraries and mocks create them, and as prototypes of other objects.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { reactive } from '@vue/reactivity';
import { afterEach, describe, expect, test } from 'vitest';
import type { CloseEvent, MessageEvent, WebSocket, WebSocketServer } from 'framewire';
import { modules } from './beside-ws.ts';

/** The ways to wrap an object. */
const wrappers: readonly { title: string; wrap: <T extends object>(object: T) => T }[] = [
  { title: 'a proxy without traps', wrap: (object) => new Proxy(object, {}) },
  {
    title: 'a proxy that passes its receiver on',
    wrap: (object) =>
      new Proxy(object, {
        get: (target, key, receiver) => Reflect.get(target, key, receiver) as unknown,
        set: (target, key, value, receiver) => Reflect.set(target, key, value, receiver),
      }),
  },
  { title: 'reactive() of Vue', wrap: (object) => reactive(object) as typeof object },
  { title: 'an object that inherits from it', wrap: (object) => Object.create(object) as typeof object },
];

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const ws of server.clients) ws.terminate();
    server.close();
  }
});

describe.each(modules)('of %s', (name, { WebSocket, WebSocketServer }) => {
  // With the deep proxies of Vue, `ws` uses Node objects that cannot be wrapped, such as the handle of a socket.
  const there = wrappers.filter(({ title }) => name === 'framewire' || !title.includes('Vue'));

  async function listening(options: object = {}): Promise<WebSocketServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
    servers.push(server);
    await once(server, 'listening');
    return server;
  }

  test.each(there)('a client and a connection work behind $title', async ({ wrap }) => {
    const server = await listening({ perMessageDeflate: { threshold: 0 } });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'chat');
    const near = wrap(client);
    expect([near.readyState, near.url]).toEqual([client.CONNECTING, client.url]);
    const [[connection]] = await Promise.all([connected, once(client, 'open')]);
    const far = wrap(connection);

    const states = [near.readyState, near.protocol, near.extensions, near.bufferedAmount, near.isPaused];
    expect(states).toEqual([client.OPEN, 'chat', 'permessage-deflate', 0, false]);
    expect([near._socket, far._socket]).not.toContain(null);

    near.binaryType = 'arraybuffer';
    expect(near.binaryType).toBe('arraybuffer');
    const received = new Promise<MessageEvent>((resolve) => near.addEventListener('message', resolve));
    await new Promise<void>((resolve) => far.send(Buffer.from('hello'), () => resolve()));
    const { data } = await received;
    expect(data).toBeInstanceOf(ArrayBuffer);

    near.pause();
    near.resume();
    const pinged = once(connection, 'ping');
    near.ping('beat');
    expect(String((await pinged)[0])).toBe('beat');

    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve));
    far.close(4000, 'done');
    const { code, reason, wasClean, type } = wrap(await closed);
    expect([code, reason, wasClean, type]).toEqual([4000, 'done', true, 'close']);
    near.terminate();
  });

  test.each(there)('_sender works behind $title', async ({ wrap }) => {
    const server = await listening();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [[connection]] = await Promise.all([connected, once(client, 'open')]);
    const received = once(client, 'message');
    wrap(connection)._sender.sendFrame([Buffer.from('810178', 'hex')]);
    expect(String((await received)[0])).toBe('x');
  });

  test.each(there)('a server works behind $title', async ({ wrap }) => {
    const server = await listening({ path: '/chat' });
    const near = wrap(server);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = new WebSocket(`ws://127.0.0.1:${(near.address() as AddressInfo).port}/chat`);
    await Promise.all([connected, once(client, 'open')]);
    expect([near.clients.size, near.options.path]).toEqual([1, '/chat']);
    const closed = once(server, 'close');
    near.close();
    client.terminate();
    await closed;
  });
});

test.each(wrappers)('a prepared message is sent behind $title', async ({ wrap }) => {
  const { PreparedMessage, WebSocket, WebSocketServer } = modules[0]![1];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
  servers.push(server);
  await once(server, 'listening');
  const message = wrap(new PreparedMessage('prepared '.repeat(20)));
  server.on('connection', (ws) => ws.send(message));
  const { port } = server.address() as AddressInfo;
  for (const perMessageDeflate of [true, false]) {
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate });
    expect(String((await once(client, 'message'))[0])).toBe('prepared '.repeat(20));
    client.terminate();
  }
});

describe('a WebSocket without an address behind a proxy', () => {
  test.each(wrappers)('refuses to send, and ends, behind $title', async ({ wrap }) => {
    const { WebSocket } = modules[0]![1];
    const ws = new WebSocket(null);
    const near = wrap(ws);
    expect(() => {
      near.send('early');
    }).toThrow('readyState 0');
    const ended = new Promise((resolve) => {
      ws.on('error', () => undefined);
      ws.on('close', resolve);
    });
    near.close();
    expect(await ended).toBe(1006);
  });
});
