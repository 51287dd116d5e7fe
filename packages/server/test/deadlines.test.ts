// How long a client may keep its socket without being connected, and what happens to it then.
import '@framewire/testing/fake-timers';
import { once } from 'node:events';
import type http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { duplexPair, Duplex } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { httpServerOf, WebSocketServer, type VerifyClientCallback } from '@framewire/server';
import { answerTo, closing, httpServer, requestObject, upgradeRequest } from './support/peers.ts';

const NO_HEAD = Buffer.alloc(0);

afterEach(() => {
  vi.clearAllTimers();
});

/** Lets time pass by itself, in a test that waits for what a time limit does. */
function letTimePass(): void {
  const timer = setInterval(() => vi.advanceTimersByTime(10), 10);
  closing(() => clearInterval(timer));
}

/** A server on a port of its own. */
async function ownServer(options: object = {}): Promise<{ wss: WebSocketServer; port: number }> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  closing(() => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
  await once(wss, 'listening');
  return { wss, port: (wss.address() as AddressInfo).port };
}

/** Everything that is read until the other end ends or goes. */
async function untilEnd(socket: Duplex): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await new Promise((resolve) => socket.once('close', resolve).once('end', resolve));
  return text;
}

/** A bare connection to a server. */
function dial(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  closing(() => socket.destroy());
  return socket;
}

describe('verifyClient that has not called back in time', () => {
  /** A server whose verifyClient calls back when the test does. */
  function waiting(options: object = {}): {
    wss: WebSocketServer;
    client: Duplex;
    socket: Duplex;
    decide: VerifyClientCallback;
  } {
    let decide: VerifyClientCallback = () => expect.fail('not asked');
    const wss = new WebSocketServer({
      noServer: true,
      verifyClient(_info, callback) {
        decide = callback;
      },
      ...options,
    });
    const [client, socket] = duplexPair();
    wss.handleUpgrade(requestObject(), socket, NO_HEAD, () => expect.fail('connected'));
    return { wss, client, socket, decide };
  }

  test('has its client refused with 503, and the socket destroyed', async () => {
    const { client, socket } = waiting({ handshakeTimeout: 1000 });
    vi.advanceTimersByTime(999);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/);
    expect(socket.destroyed).toBe(true);
  });

  test('has two minutes by default', async () => {
    const { wss, client } = waiting();
    vi.advanceTimersByTime(119_999);
    expect(client.read()).toBeNull();
    vi.advanceTimersByTime(1);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 503/);
    expect(wss.options.handshakeTimeout).toBe(120_000);
  });

  test('has no limit with 0', () => {
    const { socket } = waiting({ handshakeTimeout: 0 });
    expect(vi.getTimerCount()).toBe(0);
    socket.destroy();
  });

  test.each([true, false])('is not heard any more when it calls back with %s', async (verified) => {
    const { client, decide } = waiting({ handshakeTimeout: 1000 });
    vi.advanceTimersByTime(1000);
    decide(verified, 401);
    expect((await untilEnd(client)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503']);
  });

  test('that has ended the socket itself has it destroyed in time', async () => {
    const { client, socket } = waiting({ handshakeTimeout: 1000 });
    socket.end('HTTP/1.1 403 No\r\n\r\n');
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 403/);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(socket.destroyed).toBe(true);
  });

  test('may take for ever where the limit is longer than a timer runs', () => {
    const { socket } = waiting({ handshakeTimeout: Infinity });
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(socket.writableEnded).toBe(false);
    socket.destroy();
  });

  test('leaves no time limit behind once it has called back, or its client has gone', async () => {
    const { client, decide, socket } = waiting();
    expect(vi.getTimerCount()).toBe(1);
    decide(false);
    client.resume();
    await once(socket, 'close');
    const { client: gone, socket: left } = waiting();
    gone.destroy();
    left.destroy();
    await once(left, 'close');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('over TCP: the client is refused, others are served meanwhile', async () => {
    letTimePass();
    // Not on a port of its own, where the request would be limited too.
    const { server, port } = await httpServer();
    const wss = new WebSocketServer({
      server,
      handshakeTimeout: 50,
      verifyClient({ req }: { req: http.IncomingMessage }, callback: VerifyClientCallback) {
        if (req.url === '/known') callback(true);
      },
    });
    const stranger = answerTo(port, upgradeRequest());
    const connection = once(wss, 'connection');
    expect(await answerTo(port, upgradeRequest({}, 'GET /known HTTP/1.1'))).toMatch(/^HTTP\/1\.1 101/);
    await connection;
    expect(await stranger).toMatch(/^HTTP\/1\.1 503/);
  });
});

describe('a listener of wsClientError', () => {
  const invalid = (): http.IncomingMessage => requestObject({ 'sec-websocket-key': 'none' });

  /** A server with a listener, and a client that never ends its side. */
  function told(listener: (socket: Duplex) => void): { client: Duplex; socket: Duplex } {
    const wss = new WebSocketServer({ noServer: true, handshakeTimeout: 1000 });
    wss.on('wsClientError', (_error, socket) => listener(socket));
    const [client, socket] = duplexPair();
    wss.handleUpgrade(invalid(), socket, NO_HEAD, () => expect.fail('accepted'));
    return { client, socket };
  }

  test('that has not answered in time has its client refused, and the socket destroyed', async () => {
    const { client, socket } = told(() => {});
    vi.advanceTimersByTime(999);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 400 /);
    expect(socket.destroyed).toBe(true);
  });

  test('that ends the socket has it destroyed, though the client keeps its side open', async () => {
    const { client, socket } = told((it) => it.end('HTTP/1.1 418 No\r\n\r\n'));
    const gone = once(socket, 'close');
    expect(await untilEnd(client)).toBe('HTTP/1.1 418 No\r\n\r\n');
    await gone;
  });

  test('that throws has the socket destroyed', () => {
    const sockets: Duplex[] = [];
    expect(() =>
      told((it) => {
        sockets.push(it);
        throw new Error('broken');
      }),
    ).toThrow('broken');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });
});

describe('on a port of its own', () => {
  test.each([
    { title: 'sends nothing', sent: '' },
    { title: 'sends half a head', sent: 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgr' },
  ])('a client that $title is refused with 408 in time', async ({ sent }) => {
    letTimePass();
    const { port } = await ownServer({ handshakeTimeout: 50 });
    const client = dial(port);
    client.write(sent);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
  });

  test.each([
    { title: 'has connected', request: upgradeRequest(), status: '101' },
    { title: 'has asked for a page', request: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', status: '426' },
    { title: 'has gone', request: undefined, status: undefined },
  ])('no time limit is left once a client $title', async ({ request, status }) => {
    const { port, wss } = await ownServer();
    const client = dial(port);
    await once(client, 'connect');
    if (request === undefined) client.end();
    else {
      client.write(request);
      const [answer] = (await once(client, 'data')) as [Buffer];
      expect(answer.toString('latin1', 9, 12)).toBe(status);
    }
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
    // A connection that is there outlives every limit.
    vi.advanceTimersByTime(1e9);
    expect(wss.clients.size).toBe(status === '101' ? 1 : 0);
  });

  test('whoever takes the upgrades away from the server keeps the connections that it makes of them', async () => {
    class Looking extends WebSocketServer {
      takeUpgrades(): void {
        httpServerOf(this)
          ?.removeAllListeners('upgrade')
          .on('upgrade', (request, socket, head) => {
            this.handleUpgrade(request, socket, head, (ws) => this.emit('connection', ws, request));
          });
      }
    }
    letTimePass();
    const wss = new Looking({ port: 0, host: '127.0.0.1', handshakeTimeout: 50 });
    closing(() => {
      for (const ws of wss.clients) ws.terminate();
      wss.close();
    });
    await once(wss, 'listening');
    wss.takeUpgrades();
    const client = dial((wss.address() as AddressInfo).port);
    client.write(upgradeRequest());
    await once(client, 'data');
    // Longer than the limit: a second client reaches its own.
    expect(await untilEnd(dial((wss.address() as AddressInfo).port))).toMatch(/^HTTP\/1\.1 408/);
    expect(wss.clients.size).toBe(1);
  });
});

describe('a refusal that is not taken', () => {
  test('ends with the socket after closeTimeout', async () => {
    const socket = new Duplex({ read() {}, write() {} });
    const wss = new WebSocketServer({ noServer: true, path: '/a', closeTimeout: 1000 });
    wss.handleUpgrade(requestObject(), socket, NO_HEAD, () => expect.fail('accepted'));
    vi.advanceTimersByTime(999);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
    await once(socket, 'close');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what the application throws while a request is judged', () => {
  const broken = (): never => {
    throw new Error('broken');
  };

  test.each<{ title: string; options: object; listen?: boolean }>([
    { title: 'verifyClient', options: { verifyClient: broken } },
    {
      title: 'verifyClient, with a callback',
      options: { verifyClient: (_info: unknown, _cb: unknown) => broken() },
    },
    { title: 'handleProtocols', options: { handleProtocols: broken } },
    { title: 'a listener of headers', options: {}, listen: true },
  ])('is thrown on, and the socket does not wait for ever: $title', ({ options, listen }) => {
    const [client, socket] = duplexPair();
    const wss = new WebSocketServer({ noServer: true, ...options });
    if (listen) wss.on('headers', broken);
    const request = requestObject({ 'sec-websocket-protocol': 'a' });
    expect(() => wss.handleUpgrade(request, socket, NO_HEAD, () => {})).toThrow('broken');
    expect([socket.destroyed, client.read()]).toEqual([true, null]);
    client.destroy();
  });

  test('by shouldHandle() ends the socket of a shared server too', async () => {
    class Broken extends WebSocketServer {
      override shouldHandle(): boolean {
        throw new Error('broken');
      }
    }
    const { server, port } = await httpServer();
    new Broken({ server });
    new WebSocketServer({ server, path: '/other' });
    const [listener] = server.listeners('upgrade') as ((...args: unknown[]) => void)[];
    const errors: unknown[] = [];
    server.removeAllListeners('upgrade').on('upgrade', (...args) => {
      try {
        listener?.(...args);
      } catch (error) {
        errors.push(error);
      }
    });
    expect(await answerTo(port, upgradeRequest())).toBe('');
    expect(errors).toHaveLength(1);
  });

  test('leaves a connection alone that is made', async () => {
    const { server, port } = await httpServer();
    const wss = new WebSocketServer({ noServer: true });
    const errors: unknown[] = [];
    server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
      try {
        wss.handleUpgrade(request, socket, head, broken);
      } catch (error) {
        errors.push(error);
      }
    });
    const client = dial(port);
    client.write(upgradeRequest());
    await once(client, 'data');
    const [ws] = wss.clients;
    expect([errors.length, ws?.readyState]).toEqual([1, ws?.OPEN]);
  });
});
