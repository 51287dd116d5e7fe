// How long a client may hold a socket before it is connected, and what happens after that.
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

/** Advances the fake timers repeatedly, for a test that waits for the effect of a time limit. */
function letTimePass(): void {
  const timer = setInterval(() => vi.advanceTimersByTime(10), 10);
  closing(() => clearInterval(timer));
}

/** A server on its own port. */
async function ownServer(options: object = {}): Promise<{ wss: WebSocketServer; port: number }> {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  closing(() => {
    for (const ws of wss.clients) ws.terminate();
    wss.close();
  });
  await once(wss, 'listening');
  return { wss, port: (wss.address() as AddressInfo).port };
}

/** Reads everything until the other side ends its output or disconnects. */
async function untilEnd(socket: Duplex): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await new Promise((resolve) => socket.once('close', resolve).once('end', resolve));
  return text;
}

/** A raw TCP connection to a server. */
function dial(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  closing(() => socket.destroy());
  return socket;
}

describe('a verifyClient that has not called back in time', () => {
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

  test('makes the server refuse the client with 503 and destroy the socket', async () => {
    const { client, socket } = waiting({ handshakeTimeout: 1000 });
    vi.advanceTimersByTime(999);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/);
    expect(socket.destroyed).toBe(true);
  });

  test('has a limit of two minutes by default', async () => {
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

  test.each([true, false])('is ignored when it calls back with %s', async (verified) => {
    const { client, decide } = waiting({ handshakeTimeout: 1000 });
    vi.advanceTimersByTime(1000);
    decide(verified, 401);
    expect((await untilEnd(client)).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503']);
  });

  test('and that ended the socket itself: the server destroys the socket', async () => {
    const { client, socket } = waiting({ handshakeTimeout: 1000 });
    socket.end('HTTP/1.1 403 No\r\n\r\n');
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 403/);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(socket.destroyed).toBe(true);
  });

  test('has no limit if handshakeTimeout is longer than the longest timer', () => {
    const { socket } = waiting({ handshakeTimeout: Infinity });
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(socket.writableEnded).toBe(false);
    socket.destroy();
  });

  test('leaves no timer after it has called back or its client has disconnected', async () => {
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

  test('over TCP: the server refuses the client, and serves others meanwhile', async () => {
    letTimePass();
    // Not on the server's own port, where the first request has a time limit too.
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
  function refuseInvalid(listener: (socket: Duplex) => void): { client: Duplex; socket: Duplex } {
    const wss = new WebSocketServer({ noServer: true, handshakeTimeout: 1000 });
    wss.on('wsClientError', (_error, socket) => listener(socket));
    const [client, socket] = duplexPair();
    wss.handleUpgrade(invalid(), socket, NO_HEAD, () => expect.fail('accepted'));
    return { client, socket };
  }

  test('that has not answered in time: the server refuses the client and destroys the socket', async () => {
    const { client, socket } = refuseInvalid(() => {});
    vi.advanceTimersByTime(999);
    expect(socket.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 400 /);
    expect(socket.destroyed).toBe(true);
  });

  test('that ends the socket: the server destroys it, although the client keeps its side open', async () => {
    const { client, socket } = refuseInvalid((it) => it.end('HTTP/1.1 418 No\r\n\r\n'));
    const gone = once(socket, 'close');
    expect(await untilEnd(client)).toBe('HTTP/1.1 418 No\r\n\r\n');
    await gone;
  });

  test('that throws: the server destroys the socket', () => {
    const sockets: Duplex[] = [];
    expect(() =>
      refuseInvalid((it) => {
        sockets.push(it);
        throw new Error('broken');
      }),
    ).toThrow('broken');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  });
});

describe('on its own port', () => {
  test.each([
    { title: 'sends nothing', sent: '' },
    { title: 'sends half a head', sent: 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgr' },
  ])('refuses a client that $title with 408 after the time limit', async ({ sent }) => {
    letTimePass();
    const { port } = await ownServer({ handshakeTimeout: 50 });
    const client = dial(port);
    client.write(sent);
    expect(await untilEnd(client)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
  });

  test.each([
    { title: 'has connected', request: upgradeRequest(), status: '101' },
    {
      title: 'has sent a plain request',
      request: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      status: '426',
    },
    { title: 'has disconnected', request: undefined, status: undefined },
  ])('leaves no timer after a client $title', async ({ request, status }) => {
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
    // An open connection outlives every limit.
    vi.advanceTimersByTime(1e9);
    expect(wss.clients.size).toBe(status === '101' ? 1 : 0);
  });

  test('keeps connections of upgrades that the application handles itself', async () => {
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
    // The time limit of a second client passes after that of the first.
    expect(await untilEnd(dial((wss.address() as AddressInfo).port))).toMatch(/^HTTP\/1\.1 408/);
    expect(wss.clients.size).toBe(1);
  });
});

describe('a refusal that the client does not read', () => {
  test('destroys the socket after closeTimeout', async () => {
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

describe('an exception of the application during an upgrade', () => {
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
  ])('is rethrown, and destroys the socket: $title', ({ options, listen }) => {
    const [client, socket] = duplexPair();
    const wss = new WebSocketServer({ noServer: true, ...options });
    if (listen) wss.on('headers', broken);
    const request = requestObject({ 'sec-websocket-protocol': 'a' });
    expect(() => wss.handleUpgrade(request, socket, NO_HEAD, () => {})).toThrow('broken');
    expect([socket.destroyed, client.read()]).toEqual([true, null]);
    client.destroy();
  });

  test('in shouldHandle() also destroys the socket on a shared HTTP server', async () => {
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

  test('does not destroy a connection that is already open', async () => {
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
