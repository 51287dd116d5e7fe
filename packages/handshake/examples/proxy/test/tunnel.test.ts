// What the proxy forwards: whole connections, without parsing them.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket as Framewire } from '@framewire/client';
import { launchChromium, launchFirefox, requirement } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  RawClient,
  receivedUntil,
  requestHead,
  RESPONSE_HEAD,
  startBackend,
  startHandedBackend,
  startProxy,
  startWebSocketServer,
} from './support.ts';

/** A server of ws that sends "hello", echoes messages, and closes with the requested code. */
async function startEcho(): Promise<number> {
  const [server, port] = await startWebSocketServer({ perMessageDeflate: true });
  server.on('connection', (ws) => {
    ws.send('hello');
    ws.on('message', (data, isBinary) => {
      ws.send(data, { binary: isBinary });
    });
  });
  return port;
}

// Each client runs through the proxy. Ours is used like the one of ws.
const clients = [
  ['ws', WebSocket],
  ['framewire', Framewire as unknown as typeof WebSocket],
] as const;

describe.each(clients)('a client of %s through the proxy', (_, Client) => {
  test('exchanges messages of 1 MiB both ways, text and binary, and pings', async () => {
    const { port } = await startProxy({ '/echo': await startEcho() });
    const ws = new Client(`ws://127.0.0.1:${port}/echo`);
    const next = async (): Promise<string | Buffer> => {
      const [data, isBinary] = (await once(ws, 'message')) as [Buffer, boolean];
      return isBinary ? data : data.toString();
    };
    expect(await next()).toBe('hello');
    const text = 'é'.repeat(512 * 1024);
    const binary = Buffer.alloc(1024 * 1024, 'binary');
    ws.send(text);
    expect((await next()) === text).toBe(true);
    ws.send(binary);
    expect(binary.equals((await next()) as Buffer)).toBe(true);
    ws.ping('are you there?');
    expect(String((await once(ws, 'pong'))[0])).toBe('are you there?');
    ws.terminate();
  });

  test('sees the close code and reason of the server, and the server sees those of the client', async () => {
    const [server, backend] = await startWebSocketServer();
    const { port } = await startProxy({ '/': backend });
    const open = async (): Promise<[WebSocket, WebSocket]> => {
      const connected = once(server, 'connection');
      const ws = new Client(`ws://127.0.0.1:${port}/`);
      const [[serverSide]] = (await Promise.all([connected, once(ws, 'open')])) as [[WebSocket], unknown];
      return [ws, serverSide];
    };
    for (const closer of [0, 1] as const) {
      const pair = await open();
      const closed = Promise.all(pair.map((side) => once(side, 'close')));
      pair[closer].close(4001, 'enough');
      for (const [code, reason] of await closed) {
        expect(code).toBe(4001);
        expect(String(reason)).toBe('enough');
      }
    }
  });

  test('keeps its subprotocol, its extensions and its headers', async () => {
    const [server, backend] = await startWebSocketServer({ perMessageDeflate: true });
    const { port, lines } = await startProxy({ '/': backend });
    const connected = once(server, 'connection');
    const headers = { 'X-Own': 'kept', 'X-Forwarded-For': '192.0.2.1', 'Proxy-Authorization': 'secret' };
    const ws = new Client(`ws://127.0.0.1:${port}/a?b=c`, ['x', 'y'], {
      headers,
      origin: 'https://example.com',
    });
    const [[, request]] = await Promise.all([
      connected as Promise<[WebSocket, IncomingMessage]>,
      once(ws, 'open'),
    ]);
    expect(ws.protocol).toBe('x');
    expect(ws.extensions).toBe('permessage-deflate');
    expect(request.url).toBe('/a?b=c');
    expect(request.headers).toMatchObject({
      'x-own': 'kept',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      host: `127.0.0.1:${port}`,
      origin: 'https://example.com',
      connection: 'Upgrade',
      upgrade: 'websocket',
    });
    expect(request.headers).not.toHaveProperty('proxy-authorization');
    expect(lines).toEqual([`101 /a?b=c -> 127.0.0.1:${backend}`]);
    ws.terminate();
  });

  test('reaches the backend by the path of a target in the absolute form, with the host of the target', async () => {
    const [port, backendSocket] = await startHandedBackend();
    const proxy = await startProxy({ '/chat': port });
    new RawClient(proxy.port).send(requestHead('http://user@host.example:81/chat?x=/y'));
    const head = await receivedUntil(await backendSocket, '\r\n\r\n');
    expect(head).toMatch(/^GET \/chat\?x=\/y HTTP\/1\.1\r\nHost: host\.example:81\r\n/);
    expect(head.match(/Host:/g)).toHaveLength(1);
  });

  test('reaches the backend of its path', async () => {
    const backends = await Promise.all(
      ['root', 'chat', 'room'].map(async (name) => {
        const [server, port] = await startWebSocketServer();
        server.on('connection', (ws) => ws.send(name));
        return port;
      }),
    );
    const [root = 0, chat = 0, room = 0] = backends;
    const { port } = await startProxy({ '/': root, '/chat': chat, '/chat/room': room });
    const whoIs = async (path: string): Promise<string> => {
      const ws = new Client(`ws://127.0.0.1:${port}${path}`);
      const [data] = (await once(ws, 'message')) as [Buffer];
      ws.terminate();
      return data.toString();
    };
    for (const path of ['/', '/chatter', '/x/chat']) expect(await whoIs(path)).toBe('root');
    for (const path of ['/chat', '/chat?x=/chat/room', '/chat/', '/chat/x'])
      expect(await whoIs(path)).toBe('chat');
    for (const path of ['/chat/room', '/chat/room/1']) expect(await whoIs(path)).toBe('room');
  });

  test('is disconnected when the backend breaks, and the reverse', async () => {
    const [server, backend] = await startWebSocketServer();
    const { port } = await startProxy({ '/': backend });
    for (const breaker of [0, 1] as const) {
      const connected = once(server, 'connection');
      const ws = new Client(`ws://127.0.0.1:${port}/`);
      const [[serverSide]] = (await Promise.all([connected, once(ws, 'open')])) as [[WebSocket], unknown];
      const pair = [ws, serverSide] as const;
      const closed = once(pair[1 - breaker] as WebSocket, 'close');
      pair[breaker].terminate();
      expect((await closed)[0]).toBe(1006);
    }
  });
});

describe('a tunnel', () => {
  /** An open tunnel. The test handles the sockets of its client and its backend. */
  async function openRaw(
    more = '',
  ): Promise<{ client: RawClient; backend: Socket; sockets: ReadonlySet<Socket> }> {
    const [port, backendSocket] = await startHandedBackend();
    const proxy = await startProxy({ '/': port }, { closeTimeout: 200 });
    const client = new RawClient(proxy.port).send(requestHead('/'));
    const backend = await backendSocket;
    await receivedUntil(backend, '\r\n\r\n');
    backend.write(RESPONSE_HEAD + more, 'latin1');
    await client.until(`\r\n\r\n${more}`);
    return { client, backend, sockets: proxy.sockets };
  }

  test('opens for heads that arrive byte by byte in both directions, after an interim response', async () => {
    const backend = await startBackend((socket) => {
      socket.setNoDelay(true);
      socket.once('data', () => {
        const bytes = `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${RESPONSE_HEAD}\x81\x00`;
        const next = (at: number): void => {
          if (at < bytes.length) socket.write(bytes.charAt(at), 'latin1', () => setImmediate(next, at + 1));
        };
        next(0);
      });
    });
    const { port } = await startProxy({ '/': backend });
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    for (const byte of requestHead('/')) {
      await new Promise((resolve) => client.socket.write(byte, () => setImmediate(resolve)));
    }
    expect(await client.until('\x81\x00')).toBe(`${RESPONSE_HEAD}\x81\x00`);
  });

  test('carries what the backend sent with its head', async () => {
    const { client } = await openRaw('\x81\x05early');
    expect(client.received).toBe(`${RESPONSE_HEAD}\x81\x05early`);
  });

  test('holds what the client sent with its head until it is open', async () => {
    const [port, backendSocket] = await startHandedBackend();
    const proxy = await startProxy({ '/': port });
    new RawClient(proxy.port).send(`${requestHead('/')}\x81\x80mask`);
    const backend = await backendSocket;
    const head = await receivedUntil(backend, '\r\n\r\n');
    expect(head.match(/\r\n\r\n/g)).toHaveLength(1);
    backend.write(RESPONSE_HEAD);
    expect(await receivedUntil(backend, '\x81\x80mask')).toBe('\x81\x80mask');
  });

  test('closes one direction and leaves the other open', async () => {
    const { client, backend } = await openRaw();
    backend.resume();
    client.socket.end('last words', 'latin1');
    await once(backend, 'end');
    backend.end('still here');
    expect(await client.until('still here')).toBe(`${RESPONSE_HEAD}still here`);
    await client.untilEnd();
  });

  test('carries the last bytes of the client', async () => {
    const { client, backend } = await openRaw();
    client.socket.end('last words', 'latin1');
    expect(await receivedUntil(backend, 'last words')).toBe('last words');
  });

  test.each(['client', 'backend'] as const)('closes both sides when the %s breaks', async (broken) => {
    const { client, backend, sockets } = await openRaw();
    backend.resume();
    const [breaker, other] = broken === 'client' ? [client.socket, backend] : [backend, client.socket];
    const ended = once(other, 'end');
    breaker.resetAndDestroy();
    await ended;
    other.destroy();
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    expect(sockets.size).toBe(0);
  });

  test('is cut if the other direction does not end in time', async () => {
    const { client, backend, sockets } = await openRaw();
    const closed = once(client.socket, 'close');
    client.socket.end();
    backend.resume();
    await once(backend, 'end');
    await once(client.socket, 'end');
    await Promise.all([closed, ...[...sockets].map((socket) => once(socket, 'close'))]);
    expect(sockets.size).toBe(0);
  });

  test.each(['client', 'backend'] as const)('buffers little when the %s reads slowly', async (slow) => {
    const { client, backend, sockets } = await openRaw();
    const [reader, writer] = slow === 'client' ? [client.socket, backend] : [backend, client.socket];
    client.socket.removeAllListeners('data');
    const total = 32 * 1024 * 1024;
    let received = 0;
    let held = 0;
    writer.resume().end(Buffer.alloc(total));
    for await (const chunk of reader as AsyncIterable<Buffer>) {
      received += chunk.length;
      held = Math.max(held, ...[...sockets].map((socket) => socket.writableLength + socket.readableLength));
      // Other streams get two turns for each turn of the reader.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    expect(received).toBe(total);
    expect(held).toBeLessThan(1024 * 1024);
  });
});

const browsers = [
  ['Chromium', 'chromium', launchChromium],
  ['Firefox', 'firefox', launchFirefox],
] as const;

describe.each(browsers)('%s', (_, part, launch) => {
  test.skipIf(requirement(part).missing)(
    'chats through the proxy, compressed and with a subprotocol',
    async () => {
      const [server, backend] = await startWebSocketServer({ perMessageDeflate: { threshold: 0 } });
      const offers: unknown[] = [];
      server.on('connection', (ws, request) => {
        offers.push(request.headers['sec-websocket-extensions']);
        ws.send('hello');
        ws.on('message', (data, isBinary) => {
          ws.send(data, { binary: isBinary });
        });
      });
      const { port } = await startProxy({ '/echo': backend });
      const browser = await launch();
      try {
        const page = (await browser.newPage()) as Page;
        expect(await page.evaluate(talk, `ws://127.0.0.1:${port}/echo`)).toEqual({
          first: 'hello',
          echo: 'grüße',
          size: 1024 * 1024,
          protocol: 'chat',
          extensions: 'permessage-deflate',
          code: 4002,
          wasClean: true,
        });
        expect(offers).toEqual([expect.stringContaining('permessage-deflate')]);
      } finally {
        await browser.close();
      }
    },
    120_000,
  );
});

/** The common interface of the two libraries that drive browsers. */
interface Page {
  evaluate(run: (url: string) => Promise<Talk>, url: string): Promise<Talk>;
}

interface Talk {
  first: unknown;
  echo: unknown;
  size: number;
  protocol: string;
  extensions: string;
  code: number;
  wasClean: boolean;
}

/** Runs in the page, so it must contain everything that it uses. */
async function talk(url: string): Promise<Talk> {
  const socket = new globalThis.WebSocket(url, ['chat', 'superchat']);
  socket.binaryType = 'arraybuffer';
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      socket.onmessage = (event) => resolve(event.data);
      socket.onerror = () => reject(new Error('the connection failed'));
    });
  const first = await next();
  socket.send('grüße');
  const echo = await next();
  socket.send(new Uint8Array(1024 * 1024));
  const { byteLength: size } = (await next()) as ArrayBuffer;
  const closed = new Promise<{ code: number; wasClean: boolean }>((resolve) => {
    socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean });
  });
  socket.close(4002, 'enough');
  const { protocol, extensions } = socket;
  return { first, echo, size, protocol, extensions, ...(await closed) };
}
