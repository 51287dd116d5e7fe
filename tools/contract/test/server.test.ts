// The server: its options, its events, and its lifecycle.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { closed, nextMessage } from '../src/inbox.ts';
import { peers, PLAIN } from '../src/pairings.ts';
import { head, meetRawClient, RawPeer, upgradeRequest } from '../src/raw.ts';
import { eachPairing } from './each.ts';

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** The subprotocol on both sides. */
async function negotiate(
  meeting: Parameters<Parameters<typeof eachPairing>[0]>[0],
  protocols: string | string[],
  handleProtocols?: ServerOptions['handleProtocols'],
): Promise<[client: string, server: string]> {
  const { client, server } = await meeting.meet({
    protocols,
    ...(handleProtocols && { server: { handleProtocols } }),
  });
  return [client.protocol, server.protocol];
}

eachPairing((meeting) => {
  const { WebSocketServer: Server } = meeting.pairing.server;

  /** A server on its own port. */
  async function listen(options: ServerOptions = {}): Promise<[server: WebSocketServer, url: string]> {
    const server = new Server({ port: 0, host: '127.0.0.1', ...PLAIN, ...options });
    opened.push(server);
    await once(server, 'listening');
    return [server, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`];
  }

  function dial(url: string): WebSocket {
    const client = new meeting.pairing.client.WebSocket(url, PLAIN);
    opened.push({
      close() {
        client.on('error', () => {});
        client.terminate();
      },
    });
    return client;
  }

  test('the first offered subprotocol is chosen', async () => {
    expect(await negotiate(meeting, ['chat', 'talk'])).toEqual(['chat', 'chat']);
    expect(await negotiate(meeting, 'talk')).toEqual(['talk', 'talk']);
    expect(await negotiate(meeting, [])).toEqual(['', '']);
  });

  test('handleProtocols receives the offered subprotocols as a Set, and chooses', async () => {
    const offered: unknown[] = [];
    const handle = (protocols: Set<string>, request: IncomingMessage): string => {
      offered.push(protocols instanceof Set, [...protocols], request.url);
      return 'talk';
    };
    expect(await negotiate(meeting, ['chat', 'talk'], handle)).toEqual(['talk', 'talk']);
    expect(offered).toEqual([true, ['chat', 'talk'], '/']);
  });

  test('handleProtocols is not called when nothing is offered', async () => {
    const neverAsked = (): string => {
      throw new Error('asked');
    };
    expect(await negotiate(meeting, [], neverAsked)).toEqual(['', '']);
  });

  test('a client fails if all its subprotocols are refused', async () => {
    meeting.serve({ handleProtocols: () => false });
    const client = meeting.dial({ protocols: 'chat' });
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toBe('Server sent no subprotocol');
  });

  test('a server needs exactly one of port, server and noServer', () => {
    for (const options of [
      {},
      { port: 0, noServer: true },
      { port: 0, server: meeting.host.http },
      { noServer: false },
    ]) {
      expect(() => new Server(options)).toThrow(TypeError);
      expect(() => new Server(options)).toThrow(
        'One and only one of the "port", "server", or "noServer" options must be specified',
      );
    }
  });

  test('port: the server listens, has an address, calls the callback, and ends with close()', async () => {
    let called = false;
    const server = new Server({ port: 0, host: '127.0.0.1' }, () => (called = true));
    await once(server, 'listening');
    expect(called).toBe(true);
    const address = server.address() as AddressInfo;
    expect(address.address).toBe('127.0.0.1');
    const done = new Promise((resolve) => server.close(resolve));
    const [event] = await Promise.all([once(server, 'close'), done]);
    expect(event).toEqual([]);
    expect(server.address()).toBe(null);
  });

  test('a port in use emits error', async () => {
    const [first] = await listen();
    const { port } = first.address() as AddressInfo;
    const second = new Server({ port, host: '127.0.0.1' });
    const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
  });

  test("server: the connections come through the user's HTTP server, which stays open", async () => {
    const { client, server } = await meeting.meet();
    expect([client.readyState, server.readyState]).toEqual([1, 1]);
    const before = meeting.host.http.listening;
    meeting.serve().close();
    expect([before, meeting.host.http.listening]).toEqual([true, true]);
  });

  test('server: the address, listening and errors are those of the HTTP server', async () => {
    const own = http.createServer();
    opened.push(own);
    const server = new Server({ server: own });
    const events: string[] = [];
    server.on('listening', () => events.push('listening'));
    server.on('error', (error) => events.push(error.message));
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    own.emit('error', new Error('of its own'));
    expect(events).toEqual(['listening', 'of its own']);
    expect(server.address()).toEqual(own.address());
  });

  test('server: after close(), upgrades are no longer answered', async () => {
    const own = http.createServer();
    opened.push(own);
    const count = (): number[] => ['upgrade', 'listening', 'error'].map((event) => own.listenerCount(event));
    const before = count();
    const server = new Server({ server: own });
    expect(count()).toEqual(before.map((listeners) => listeners + 1));
    server.close();
    expect(count()).toEqual(before);
  });

  test('noServer: handleUpgrade() opens a connection, calls back and emits nothing', async () => {
    const server = new Server({ noServer: true, ...PLAIN });
    let emitted = 0;
    server.on('connection', () => emitted++);
    const own = http.createServer();
    opened.push(own);
    const accepted = new Promise<[WebSocket, IncomingMessage, number]>((resolve) => {
      own.on('upgrade', (request, socket, upgradeHead) => {
        server.handleUpgrade(request, socket, upgradeHead, (ws, sameRequest) => {
          resolve([ws, sameRequest, request === sameRequest ? 1 : 0]);
        });
      });
    });
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    const client = dial(`ws://127.0.0.1:${(own.address() as AddressInfo).port}/manual`);
    const [ws, request, same] = await accepted;
    expect([ws.readyState, request.url, same, emitted]).toEqual([1, '/manual', 1, 0]);
    ws.send('hello');
    expect((await nextMessage(client)).data.toString()).toBe('hello');
    expect([...server.clients]).toEqual([ws]);
    expect(() => server.address()).toThrow('The server is operating in "noServer" mode');
    client.terminate();
    await closed(ws);
    expect(server.clients.size).toBe(0);
  });

  test('passing a socket twice is an error', async () => {
    const server = new Server({ noServer: true, ...PLAIN });
    const own = http.createServer();
    opened.push(own);
    const error = new Promise<unknown>((resolve) => {
      own.on('upgrade', (request: IncomingMessage, socket: Duplex, upgradeHead: Buffer) => {
        server.handleUpgrade(request, socket, upgradeHead, () => {
          try {
            server.handleUpgrade(request, socket, upgradeHead, () => {});
          } catch (thrown) {
            resolve(thrown);
          }
        });
      });
    });
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    dial(`ws://127.0.0.1:${(own.address() as AddressInfo).port}`);
    expect(String(await error)).toBe(
      'Error: server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
    );
  });

  test('path: ignores the query, and shouldHandle() returns the result', async () => {
    const { client } = await meeting.meet({ server: { path: '/here' }, path: '/here?query=1' });
    expect(client.readyState).toBe(1);
    const server = meeting.serve({ path: '/here' });
    const answers = ['/here', '/here?a', '/here/', '/Here', '/', ''].map((url) =>
      server.shouldHandle({ url } as IncomingMessage),
    );
    expect(answers).toEqual([true, true, false, false, false, false]);
  });

  test('shouldHandle() may be overridden', async () => {
    class Everywhere extends Server {
      override shouldHandle(): boolean {
        return true;
      }
    }
    const server = new Everywhere({ server: meeting.host.http, path: '/here', ...PLAIN });
    opened.push(server);
    const client = meeting.dial({ path: '/there' });
    await once(client, 'open');
    expect(client.readyState).toBe(1);
  });

  test('verifyClient receives origin, secure and the request, and true admits the client', async () => {
    const infos: unknown[] = [];
    const verifyClient = ({
      origin,
      secure,
      req,
    }: {
      origin: string;
      secure: boolean;
      req: IncomingMessage;
    }): boolean => {
      infos.push(origin, secure, req.url);
      return true;
    };
    await meeting.meet({
      server: { verifyClient },
      client: { origin: 'https://example.com' },
      path: '/verified',
    });
    expect(infos).toEqual(['https://example.com', false, '/verified']);
  });

  test('verifyClient with a callback may answer later', async () => {
    const { client } = await meeting.meet({
      server: { verifyClient: (_info, done) => setImmediate(() => done(true)) },
    });
    expect(client.readyState).toBe(1);
  });

  test('a client that disconnects while it is being verified opens no connection', async () => {
    let release = (): void => {};
    const asked = new Promise<IncomingMessage>((resolve) => {
      const server = meeting.serve({
        verifyClient: (info, done) => {
          release = () => done(true);
          resolve(info.req);
        },
      });
      server.on('connection', () => expect.unreachable());
    });
    const socket = await meeting.connect();
    new RawPeer(socket).say(Buffer.from(upgradeRequest()));
    const { socket: accepted } = await asked;
    socket.destroy();
    await once(accepted.resume(), 'end');
    expect(release).not.toThrow();
  });

  test('clientTracking: clients contains each open connection, and is missing when it is off', async () => {
    const server = meeting.serve();
    expect(server.clients).toBeInstanceOf(Set);
    const connection = once(server, 'connection') as Promise<[WebSocket]>;
    const client = meeting.dial();
    const [ws] = await connection;
    expect([...server.clients]).toEqual([ws]);
    await once(client, 'open');
    client.close();
    await closed(ws);
    expect(server.clients.size).toBe(0);
    expect(meeting.serve({ clientTracking: false }).clients).toBe(undefined);
  });

  test('a connection is removed from clients before the user receives its close event', async () => {
    const server = meeting.serve();
    const sizes = new Promise<number>((resolve) => {
      server.on('connection', (ws) => ws.on('close', () => resolve(server.clients.size)));
    });
    const client = meeting.dial();
    client.on('open', () => client.close());
    expect(await sizes).toBe(0);
  });

  test("the connection event has the request, and connections have the package's class by default", async () => {
    const connection = once(meeting.serve(), 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const client = meeting.dial({ path: '/whose?request', client: { headers: { 'X-Own': 'header' } } });
    const [ws, request] = await connection;
    expect([request.url, request.headers['x-own']]).toEqual(['/whose?request', 'header']);
    expect(ws).toBeInstanceOf(meeting.pairing.server.WebSocket);
    await once(client, 'open');
  });

  test('WebSocket: the connections have the given class', async () => {
    class Named extends meeting.pairing.server.WebSocket {
      readonly label = 'of my own';
    }
    const { server } = await meeting.meet({ server: { WebSocket: Named } });
    expect(server).toBeInstanceOf(Named);
    expect((server as Named).label).toBe('of my own');
  });

  test('headers: listeners may change the lines of the 101 response', async () => {
    const server = meeting.serve();
    server.on('headers', (lines, request) => {
      expect(lines[0]).toBe('HTTP/1.1 101 Switching Protocols');
      lines.push(`X-Path: ${request.url}`);
    });
    const client = meeting.dial({ path: '/headers' });
    const [[response]] = (await Promise.all([once(client, 'upgrade'), once(client, 'open')])) as [
      [IncomingMessage],
      unknown,
    ];
    expect(response.headers['x-path']).toBe('/headers');
  });

  test('close() leaves the connections open, and calls back after the last has closed', async () => {
    const [server, url] = await listen();
    const connection = once(server, 'connection') as Promise<[WebSocket]>;
    const client = dial(url);
    const [ws] = await connection;
    await once(client, 'open');
    const events: string[] = [];
    server.on('close', () => events.push('close'));
    const done = new Promise((resolve) => server.close(resolve));
    ws.send('still open');
    expect((await nextMessage(client)).data.toString()).toBe('still open');
    expect(events).toEqual([]);
    client.close();
    expect(await done).toBe(undefined);
    expect(events).toEqual(['close']);
  });

  test("close() of a server on the user's HTTP server waits for its connections too", async () => {
    const server = meeting.serve();
    const connection = once(server, 'connection') as Promise<[WebSocket]>;
    const client = meeting.dial();
    const [ws] = await connection;
    await once(client, 'open');
    let over = false;
    const done = new Promise<void>((resolve) => {
      server.close(() => {
        over = true;
        resolve();
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    ws.close();
    await done;
    expect(over).toBe(true);
  });

  test('a second close() calls back with an error after the server is closed, and without one before', async () => {
    const [server] = await listen();
    const both = Promise.all([
      new Promise((resolve) => server.close(resolve)),
      new Promise((resolve) => server.close(resolve)),
    ]);
    expect(await both).toEqual([undefined, undefined]);
    const error = await new Promise((resolve) => server.close(resolve));
    expect(String(error)).toBe('Error: The server is not running');
  });
});

for (const peer of peers) {
  test(`${peer.name}: wsClientError receives the error, the socket and the request, and its listener answers`, async () => {
    const server = new peer.WebSocketServer({ port: 0, host: '127.0.0.1', ...PLAIN });
    opened.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const events = new Promise<string[]>((resolve) => {
      server.on('wsClientError', (error, socket, request) => {
        socket.end(head('HTTP/1.1 418 Teapot', 'Connection: close'));
        resolve([String(error), String(request.url)]);
      });
    });
    const raw = new RawPeer(net.connect(port, '127.0.0.1'));
    raw.say(Buffer.from(upgradeRequest('/bad').replace('Version: 13', 'Version: 1')));
    expect((await raw.hearRest()).toString()).toBe(head('HTTP/1.1 418 Teapot', 'Connection: close'));
    raw.end();
    expect(await events).toEqual(['Error: Missing or invalid Sec-WebSocket-Version header', '/bad']);
  });
}

eachPairing((meeting) => {
  test('a message in the segment of the request is emitted after the connection event', async () => {
    const frame = Buffer.from('8182000000006f6b', 'hex');
    const order: string[] = [];
    let arrived = Promise.resolve();
    const greet = (ws: WebSocket): void => {
      order.push('connection');
      arrived = nextMessage(ws).then(({ data }) => void order.push(data.toString()));
    };
    await meetRawClient(meeting, { greet }, frame);
    await arrived;
    expect(order).toEqual(['connection', 'ok']);
  });
});
