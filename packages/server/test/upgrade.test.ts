// A valid upgrade request: paths, the application's hooks, the response, and the connection.
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import { WebSocketConnection } from '@framewire/connection';
import { AcceptedWebSocket, complete, httpServerOf, WebSocketServer } from '@framewire/server';
import { WebSocket, type RawData } from 'ws';
import { describe, expect, test } from 'vitest';
import {
  answerTo,
  closing,
  httpServer,
  OurWebSocketServer,
  outcomeOf,
  requestObject,
  serverOf,
  thrown,
  upgradeRequest,
  withBoth,
} from './support/peers.ts';

const NO_HEAD = Buffer.alloc(0);

/** The status of the answer to an upgrade request. */
async function statusOf(port: number, path: string): Promise<string> {
  return (await answerTo(port, upgradeRequest({}, `GET ${path} HTTP/1.1`))).slice(9, 12);
}

describe('path', () => {
  test.each([
    ['/a', '/a', '101'],
    ['/a', '/a?b=c', '101'],
    ['/a', '/a?', '101'],
    ['/a', '/a/', '400'],
    ['/a', '/A', '400'],
    ['/a', '/?/a', '400'],
    ['/a', '/', '400'],
    ['', '/x', '101'],
    [null, '/x', '101'],
    [undefined, '/x?y', '101'],
  ])('%j: a request for %s receives %s, as from ws', async (path, target, status) => {
    const log = await withBoth(async (Server) => {
      const { port } = await serverOf(Server, { path } as object);
      return [await statusOf(port, target)];
    });
    expect(log).toEqual([status]);
  });

  test('a request object without a URL matches only a server without a path', () => {
    const request = {} as IncomingMessage;
    expect(new WebSocketServer({ noServer: true, path: '/a' }).shouldHandle(request)).toBe(false);
    expect(new WebSocketServer({ noServer: true }).shouldHandle(request)).toBe(true);
  });

  test('shouldHandle() may be overridden, in a class or on a server', async () => {
    class Even extends OurWebSocketServer {}
    Even.prototype.shouldHandle = ({ url }) => url === '/even';
    for (const [Class, path] of [
      [Even, '/even'],
      [OurWebSocketServer, '/own'],
    ] as const) {
      const { wss, port } = await serverOf(Class);
      if (path === '/own') wss.shouldHandle = ({ url }) => url === '/own';
      expect([await statusOf(port, path), await statusOf(port, '/odd')]).toEqual(['101', '400']);
    }
  });
});

describe('handleProtocols', () => {
  test('receives the set of requested subprotocols and the request, and chooses', async () => {
    await withBoth(async (Server) => {
      const log: string[] = [];
      const { wss, url } = await serverOf(Server, {
        handleProtocols(protocols, request) {
          log.push(`${protocols instanceof Set} ${[...protocols].join()} ${request.url}`);
          return 'b';
        },
      });
      const connection = once(wss, 'connection') as Promise<[WebSocket]>;
      const ws = new WebSocket(`${url}/x`, ['a', 'b']);
      log.push(await outcomeOf(ws), (await connection)[0].protocol);
      ws.terminate();
      return log;
    });
  });

  test.each([false, '', undefined, null])('chooses none by returning %j', async (none) => {
    const log = await withBoth(async (Server) => {
      const { port } = await serverOf(Server, { handleProtocols: () => none as false });
      return [await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Protocol': 'a' }))];
    });
    expect(log[0]).not.toContain('Protocol:');
  });

  test('is not called when the client requests none', async () => {
    const { port } = await serverOf(OurWebSocketServer, { handleProtocols: () => expect.fail('asked') });
    expect(await statusOf(port, '/')).toBe('101');
  });

  test('is optional: by default, the server chooses the first subprotocol', async () => {
    const { url } = await serverOf(OurWebSocketServer);
    const ws = new WebSocket(url, ['a', 'b']);
    expect(await outcomeOf(ws)).toBe('open a');
    ws.terminate();
  });
});

describe('verifyClient', () => {
  test.each(['13', '8'])('receives origin, secure and the request, in version %s', async (version) => {
    const name = version === '8' ? 'Sec-WebSocket-Origin' : 'Origin';
    await withBoth(async (Server) => {
      const log: string[] = [];
      const { port } = await serverOf(Server, {
        verifyClient({ origin, secure, req }: { origin: string; secure: boolean; req: IncomingMessage }) {
          log.push(`${origin} ${secure} ${req.url}`);
          return true;
        },
      });
      for (const origin of ['https://example.com', undefined]) {
        await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Version': version, [name]: origin }));
      }
      return log;
    });
  });

  test('with two parameters may accept later', async () => {
    const { url } = await serverOf(OurWebSocketServer, {
      verifyClient: (_info, callback) => setImmediate(callback, true),
    });
    const ws = new WebSocket(url);
    expect(await outcomeOf(ws)).toBe('open ');
    ws.terminate();
  });

  test('is not called for another path or an invalid request', async () => {
    const { port } = await serverOf(OurWebSocketServer, {
      path: '/a',
      verifyClient: () => expect.fail('asked'),
    });
    expect(await statusOf(port, '/b')).toBe('400');
    expect(await answerTo(port, upgradeRequest({ 'Sec-WebSocket-Key': 'x' }))).toMatch(/^HTTP\/1\.1 400/);
  });

  test('that accepts a client that has disconnected opens no connection', async () => {
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      let verify: ((ok: boolean) => void) | undefined;
      const asked = new Promise<net.Socket>((resolve) => {
        void serverOf(OurWebSocketServer, {
          verifyClient(info, callback) {
            verify = callback;
            resolve(info.req.socket);
          },
        }).then(({ wss, port }) => {
          wss.on('connection', () => expect.fail('connected'));
          client.connect(port, '127.0.0.1', () => client.write(upgradeRequest()));
        });
      });
      const client = new net.Socket().on('error', () => {});
      closing(() => client.destroy());
      const socket = await asked;
      const gone = new Promise((resolve) => {
        socket.once(leave === 'resetAndDestroy' ? 'close' : 'end', resolve);
        socket.resume();
      });
      client[leave]();
      await gone;
      verify?.(true);
      expect(socket.destroyed).toBe(true);
    }
  });

  test('that accepts twice: its second call throws the error of ws', () => {
    const [client, socket] = duplexPair();
    const errors: string[] = [];
    const wss = new OurWebSocketServer({
      noServer: true,
      verifyClient(_info: unknown, callback: (ok: boolean) => void) {
        callback(true);
        errors.push(thrown(() => callback(true)));
      },
    });
    wss.handleUpgrade(requestObject(), socket, NO_HEAD, (ws) => ws.on('error', () => {}));
    socket.destroy();
    expect(errors[0]).toContain('called more than once with the same socket');
    client.destroy();
  });
});

describe('the headers event', () => {
  test('receives the lines and the request, and its changes are sent', async () => {
    const log = await withBoth(async (Server) => {
      const { wss, port } = await serverOf(Server);
      const received: string[] = [];
      wss.on('headers', (lines, request) => {
        received.push(...lines, request.url ?? '');
        lines.push('Set-Cookie: a=b', `X-Of: ${request.url}`);
        lines[0] = 'HTTP/1.1 101 Web Socket Protocol Handshake';
      });
      return [await answerTo(port, upgradeRequest({}, 'GET /x HTTP/1.1')), ...received];
    });
    expect(log[0]).toMatch(/^HTTP\/1\.1 101 Web Socket.*\r\n[^]*\r\nSet-Cookie: a=b\r\nX-Of: \/x\r\n\r\n$/);
  });
});

describe('handleUpgrade()', () => {
  test('opens a connection over any Duplex, and calls back with it and the request', async () => {
    const log = await withBoth(async (Server) => {
      const [client, socket] = duplexPair();
      const wss = new Server({ noServer: true });
      wss.on('connection', () => expect.fail('emitted'));
      const request = requestObject();
      const [ws, same] = await new Promise<[WebSocket, IncomingMessage]>((resolve) => {
        wss.handleUpgrade(request, socket, NO_HEAD, (...args) => resolve(args));
      });
      ws.send('hello');
      const chunks: Buffer[] = [];
      client.on('data', (chunk: Buffer) => chunks.push(chunk));
      while (!Buffer.concat(chunks).includes('hello')) await once(client, 'data');
      const log = [
        Buffer.concat(chunks).toString('latin1'),
        String(same === request),
        String(wss.clients.has(ws)),
      ];
      const closed = once(ws, 'close');
      client.destroy();
      socket.destroy();
      await closed;
      return [...log, String(wss.clients.size)];
    });
    expect(log[0]?.endsWith('\r\n\r\n\x81\x05hello')).toBe(true);
    expect(log.slice(1)).toEqual(['true', 'true', '0']);
  });

  test('reads the bytes after the request', async () => {
    const [client, socket] = duplexPair();
    const wss = new WebSocketServer({ noServer: true });
    const head = Buffer.from('818200000000' + '6869', 'hex');
    const message = new Promise((resolve) => {
      wss.handleUpgrade(requestObject(), socket, head, (ws) => {
        ws.on('message', (data) => resolve((data as Buffer).toString()));
        closing(() => ws.terminate());
      });
    });
    expect(await message).toBe('hi');
    client.destroy();
  });

  test('reads a frame in the same segment as the request', async () => {
    const { wss, port } = await serverOf(OurWebSocketServer);
    const message = new Promise((resolve) => {
      wss.on('connection', (ws) => {
        ws.on('message', (data: RawData) => resolve((data as Buffer).toString()));
      });
    });
    await answerTo(port, `${upgradeRequest()}\x81\x82\0\0\0\0hi`);
    expect(await message).toBe('hi');
  });

  test('lets an HTTP server distribute its upgrades by any rule', async () => {
    const { server, url } = await httpServer();
    const [a, b] = [0, 1].map(() => new WebSocketServer({ noServer: true }));
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      const wss = request.headers['x-to'] === 'b' ? b : a;
      wss?.handleUpgrade(request, socket, head, (ws) => wss.emit('connection', ws, request));
    });
    a?.on('connection', (ws) => ws.close(4001));
    b?.on('connection', (ws) => ws.close(4002));
    for (const [headers, code] of [
      [{}, 4001],
      [{ 'X-To': 'b' }, 4002],
    ] as const) {
      const ws = new WebSocket(url, { headers });
      expect((await once(ws, 'close'))[0]).toBe(code);
    }
  });

  test('throws the error of ws when it receives a socket twice', async () => {
    const [text] = await withBoth((Server) => {
      const [client, socket] = duplexPair();
      const wss = new Server({ noServer: true });
      const other = new Server({ noServer: true });
      wss.handleUpgrade(requestObject(), socket, NO_HEAD, (ws) => ws.on('error', () => {}));
      const errors = [wss, other].map((server) =>
        thrown(() => server.handleUpgrade(requestObject(), socket, NO_HEAD, () => {})),
      );
      socket.destroy();
      client.destroy();
      return errors;
    });
    expect(text).toBe(
      'Error: server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
    );
  });

  test('destroys a socket that can no longer be read or written', async () => {
    const ended = new Duplex({ read() {}, write() {} }).end();
    const read = new Duplex({ read() {}, write() {} });
    read.push(null);
    await once(read.resume(), 'end');
    for (const socket of [ended, read]) {
      new WebSocketServer({ noServer: true }).handleUpgrade(requestObject(), socket, NO_HEAD, () =>
        expect.fail('accepted'),
      );
      expect(socket.destroyed).toBe(true);
    }
  });

  test('removes its error listener from the socket of a connection', () => {
    const [client, socket] = duplexPair();
    const wss = new WebSocketServer({ noServer: true });
    let listeners = -1;
    wss.handleUpgrade(requestObject(), socket, NO_HEAD, (ws) => {
      listeners = socket.listenerCount('error');
      ws.terminate();
    });
    // The listener of the connection.
    expect(listeners).toBe(1);
    client.destroy();
  });
});

describe('the class of the connections', () => {
  test('is AcceptedWebSocket by default', async () => {
    const { wss, url } = await serverOf(OurWebSocketServer);
    const client = new WebSocket(url);
    const [[ws]] = await Promise.all([once(wss, 'connection'), once(client, 'open')]);
    expect(ws).toBeInstanceOf(AcceptedWebSocket);
    expect(ws).toBeInstanceOf(WebSocketConnection);
    expect(wss.options.WebSocket).toBe(AcceptedWebSocket);
    client.terminate();
  });

  test('is called with null, undefined and the options of the server', async () => {
    const calls: unknown[][] = [];
    class Session extends AcceptedWebSocket {
      readonly user = 'nobody';
      constructor(...args: ConstructorParameters<typeof AcceptedWebSocket>) {
        super(...args);
        calls.push(args);
      }
    }
    const { server, url } = await httpServer();
    const wss = new WebSocketServer({ server, WebSocket: Session, maxPayload: 4 });
    const client = new WebSocket(url);
    const connection = once(wss, 'connection') as Promise<[Session]>;
    const [[ws]] = await Promise.all([connection, once(client, 'open')]);
    expect(ws.user).toBe('nobody');
    expect(calls).toEqual([[null, undefined, wss.options]]);
    // The options apply to the connection.
    ws.on('error', () => {});
    const closed = once(client, 'close');
    client.send('too long');
    expect((await closed)[0]).toBe(1009);
  });

  test('that throws: the server sends no 101', () => {
    const [client, socket] = duplexPair();
    const Broken = class extends AcceptedWebSocket {
      constructor(...args: ConstructorParameters<typeof AcceptedWebSocket>) {
        super(...args);
        throw new Error('broken');
      }
    };
    const wss = new WebSocketServer({ noServer: true, WebSocket: Broken });
    expect(() => wss.handleUpgrade(requestObject(), socket, NO_HEAD, () => {})).toThrow('broken');
    expect(client.read()).toBeNull();
  });
});

describe('a subclass', () => {
  test('may extend the last step of an upgrade', async () => {
    class Greeting extends WebSocketServer {
      override [complete](upgrade: Parameters<WebSocketServer[typeof complete]>[0]): void {
        super[complete]({
          ...upgrade,
          subprotocols: new Set(['greeting']),
          callback(ws, request) {
            ws.send(`hello at ${request.url}`);
            upgrade.callback(ws, request);
          },
        });
      }
    }
    const { server, url } = await httpServer();
    new Greeting({ server });
    const client = new WebSocket(`${url}/x`, ['greeting', 'other']);
    const [message] = (await once(client, 'message')) as [Buffer];
    expect([client.protocol, message.toString()]).toEqual(['greeting', 'hello at /x']);
    client.terminate();
  });

  test('can read the HTTP server until it is closed', async () => {
    const { server } = await httpServer();
    const wss = new WebSocketServer({ server });
    expect(httpServerOf(wss)).toBe(server);
    wss.close();
    expect([httpServerOf(wss), httpServerOf(new WebSocketServer({ noServer: true }))]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test('events have the request class of the HTTP server', async () => {
  class Request extends http.IncomingMessage {
    readonly mark = 'marked';
  }
  const { server, url } = await httpServer(http.createServer({ IncomingMessage: Request }));
  const wss = new WebSocketServer<typeof AcceptedWebSocket, typeof Request>({
    server,
  });
  const client = new WebSocket(url);
  const connection = once(wss, 'connection') as Promise<[unknown, Request]>;
  const [[, request]] = await Promise.all([connection, once(client, 'open')]);
  expect(request.mark).toBe('marked');
  client.terminate();
});

test('sends non-ASCII header values in Latin-1', async () => {
  const { wss, port } = await serverOf(OurWebSocketServer);
  wss.on('headers', (lines) => lines.push('X-Name: Ren\u00e9'));
  expect(await answerTo(port, upgradeRequest())).toContain('\r\nX-Name: Ren\xe9\r\n');
});
