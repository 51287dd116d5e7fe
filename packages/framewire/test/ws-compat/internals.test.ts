// The internals of framewire and `ws` that well-known programs use, and methods that a subclass overrides.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import * as framewire from 'framewire';
import { modules, type WsModule } from './beside-ws.ts';

type WebSocket = InstanceType<WsModule['WebSocket']>;
type WebSocketServer = framewire.WebSocketServer;

type UpgradeArguments = Parameters<WebSocketServer['completeUpgrade']>;

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const ws of server.clients) ws.terminate();
    server.close();
  }
});

describe.each(modules)('of %s', (_name, { WebSocket, WebSocketServer, Sender }) => {
  async function listening(options: object = {}): Promise<WebSocketServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
    servers.push(server);
    await once(server, 'listening');
    return server;
  }

  function urlOf(server: WebSocketServer): string {
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Both sides of a connection. */
  async function meet(
    Client: typeof WebSocket = WebSocket,
    options: object = {},
  ): Promise<{ client: WebSocket; connection: WebSocket; server: WebSocketServer }> {
    const server = await listening(options);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = new Client(urlOf(server));
    const [[connection]] = await Promise.all([connected, once(client, 'open')]);
    return { client, connection, server };
  }

  test('_socket is the underlying stream, and null before there is one', async () => {
    const { client, connection } = await meet();
    expect(client._socket).toBeInstanceOf(Socket);
    expect((connection._socket as Socket).remotePort).toBe((client._socket as Socket).localPort);
    const other = new WebSocket(null, undefined, {});
    // In ws, some of them are null and others are undefined.
    expect([other._socket, other._sender, other._receiver].filter(Boolean)).toEqual([]);
  });

  test('_req is the request of a client that is connecting, and null after it is open', async () => {
    const server = await listening();
    const client = new WebSocket(urlOf(server));
    expect(client._req?.path).toBe('/');
    await once(client, 'open');
    expect(client._req).toBeNull();
  });

  test('_sender writes encoded frames in send order', async () => {
    const { client, connection } = await meet();
    const messages: string[] = [];
    client.on('message', (data: Buffer, isBinary) => messages.push(`${data.toString()} ${isBinary}`));
    const frame = Sender.frame(Buffer.from('framed'), { fin: true, opcode: 1, readOnly: true });
    const long = Sender.frame(Buffer.alloc(20_000, 'x'), { fin: true, opcode: 2 });
    connection.send('before');
    connection._sender?.sendFrame(frame);
    connection._sender?.sendFrame(long);
    connection._sender?.sendFrame(frame);
    await new Promise<void>((resolve) => {
      connection.send('after', () => {
        resolve();
      });
    });
    while (messages.length < 5) await once(client, 'message');
    expect(messages).toEqual([
      'before false',
      'framed false',
      `${'x'.repeat(20_000)} true`,
      'framed false',
      'after false',
    ]);
    expect(connection._sender).toBe(connection._sender);
  });

  test('_sender calls back after its frames are passed to the kernel, or with an error', async () => {
    const { connection } = await meet();
    const frame = Sender.frame('framed', { fin: true, opcode: 1 });
    const outcome = await new Promise<unknown>((resolve) => connection._sender?.sendFrame(frame, resolve));
    expect(outcome ?? 'done').toBe('done');
    const sender = connection._sender;
    connection.terminate();
    expect(await new Promise((resolve) => sender?.sendFrame(frame, resolve))).toBeInstanceOf(Error);
  });

  test('_receiver has the maximum message length', async () => {
    const { connection } = await meet(WebSocket, { maxPayload: 7 });
    expect(connection._receiver?._maxPayload).toBe(7);
  });

  test('setSocket() accepts the maximum message length, and 0 for no limit', async () => {
    const limited = { maxPayload: 3 };
    const cases = [
      [{}, limited, 3, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
      [limited, { maxPayload: 0 }, 0, 'abcd'],
      [{}, { skipUTF8Validation: true, maxPayload: 4 }, 4, 'abcd'],
    ] as const;
    for (const [made, opened, limit, outcome] of cases) {
      const [near, far] = duplexPair();
      const ws = new WebSocket(null, undefined, made);
      const told = new Promise((resolve) => {
        ws.on('error', ({ code }: NodeJS.ErrnoException) => {
          resolve(code);
        });
        ws.on('message', (data: Buffer) => {
          resolve(data.toString());
        });
      });
      ws.setSocket!(near, Buffer.alloc(0), { role: 'server', ...opened });
      expect(ws._receiver?._maxPayload).toBe(limit);
      far.end(Buffer.from('81840000000061626364', 'hex'));
      far.resume();
      expect(await told).toBe(outcome);
      ws.terminate();
    }
  });

  test("setSocket() creates the server's side, unless _isServer was set to false", async () => {
    for (const isServer of [undefined, true, false]) {
      const [near, far] = duplexPair();
      const ws = new WebSocket(null, undefined, {});
      expect(ws._isServer).toBe(true);
      if (isServer !== undefined) ws._isServer = isServer;
      ws.setSocket!(near, Buffer.alloc(0), { maxPayload: 0 });
      ws.send('x');
      const [sent] = (await once(far, 'data')) as [Buffer];
      // A server's frame is not masked.
      expect(sent[1]).toBe(isServer === false ? 0x81 : 0x01);
      const received = once(ws, 'message');
      far.write(Buffer.from(isServer === false ? '810179' : '81810000000079', 'hex'));
      expect(String((await received)[0])).toBe('y');
      ws.terminate();
    }
    const server = await listening();
    const client = new WebSocket(urlOf(server));
    expect(client._isServer).toBe(false);
    await once(client, 'open');
    expect(client._isServer).toBe(false);
  });

  test('emitClose() of a WebSocket without a stream emits only close', async () => {
    const ws = new WebSocket(null, undefined, {});
    const closed = once(ws, 'close');
    ws.emitClose!();
    expect([await closed, ws.readyState]).toEqual([[1006, Buffer.alloc(0)], 3]);
  });

  test('_server and options are those of the server', async () => {
    const http = createServer();
    const server = new WebSocketServer({ server: http, path: '/chat', maxPayload: 7 });
    expect(server._server).toBe(http);
    expect([server.options.path, server.options.maxPayload, server.options.autoPong]).toEqual([
      '/chat',
      7,
      true,
    ]);
    expect((await listening())._server?.listening).toBe(true);
  });

  test('completeUpgrade() of a subclass is the last step of an upgrade, with compression and without', async () => {
    const seen: string[] = [];
    class Counting extends WebSocketServer {
      override completeUpgrade(...args: UpgradeArguments): void {
        const [extensions, key, protocols, request] = args;
        seen.push(`${Object.keys(extensions).join()} ${key.length} ${[...protocols].join()} ${request.url}`);
        super.completeUpgrade(...args);
      }
    }
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const server = new Counting({ port: 0, host: '127.0.0.1', perMessageDeflate });
      servers.push(server);
      server.on('connection', (ws) => ws.send('hello'));
      await once(server, 'listening');
      const client = new WebSocket(urlOf(server), ['chat', 'other']);
      expect(String((await once(client, 'message'))[0])).toBe('hello');
      expect([client.protocol, client.extensions]).toEqual([
        'chat',
        perMessageDeflate ? 'permessage-deflate' : '',
      ]);
    }
    expect(seen).toEqual([' 24 chat,other /', 'permessage-deflate 24 chat,other /']);
  });

  test('completeUpgrade() opens a connection for a request that the program has checked', async () => {
    const http = createServer().listen(0, '127.0.0.1');
    const server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const key = request.headers['sec-websocket-key']!;
      server.completeUpgrade({}, key, new Set(), request, socket, head, (ws) => ws.send('judged'));
    });
    await once(http, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    expect(String((await once(client, 'message'))[0])).toBe('judged');
    client.terminate();
    http.close();
  });

  describe('a subclass', () => {
    /** A class that records the calls of its methods. */
    function recording(calls: string[]): typeof WebSocket {
      return class extends WebSocket {
        override pong(...args: Parameters<WebSocket['pong']>): void {
          calls.push(`pong ${String(args[0])}`);
          super.pong(...args);
        }

        override close(code?: number, reason?: string | Uint8Array): void {
          calls.push(`close ${code} ${reason?.toString()}`);
          super.close(code, reason);
        }

        override terminate(): void {
          calls.push('terminate');
          super.terminate();
        }

        override emit(event: string | symbol, ...args: unknown[]): boolean {
          if (event !== 'open' && event !== 'upgrade') calls.push(`emit ${String(event)}`);
          return super.emit(event, ...args);
        }
      };
    }

    test('answers pings and the close frame with its overridden methods', async () => {
      const calls: string[] = [];
      const { client, connection } = await meet(recording(calls));
      connection.ping('1');
      connection.close(4000, 'enough');
      await once(client, 'close');
      expect(calls).toEqual(['pong 1', 'emit ping', 'close 4000 enough', 'emit close']);
    });

    test('answers a close frame without a code with one without a code', async () => {
      const calls: string[] = [];
      const { client, connection } = await meet(recording(calls));
      connection.close();
      await once(client, 'close');
      expect(calls).toEqual(['close undefined undefined', 'emit close']);
    });

    test('closes with its overridden method when the peer breaks a rule', async () => {
      const calls: string[] = [];
      const { client, connection } = await meet(recording(calls));
      client.on('error', () => undefined);
      const closed = new Promise((resolve) => client.on('close', resolve));
      connection._socket?.write(Buffer.from('8300', 'hex'));
      await closed;
      expect(calls).toEqual(['close 1002 undefined', 'emit error', 'emit close']);
    });

    test('that does not answer pings leaves them unanswered', async () => {
      class Silent extends WebSocket {
        override pong(): void {}
      }
      const { client, connection } = await meet(Silent);
      const pongs: unknown[] = [];
      connection.on('pong', (data) => pongs.push(data));
      connection.ping();
      await once(client, 'ping');
      client.close();
      await once(connection, 'close');
      expect(pongs).toEqual([]);
    });

    test('is the class of the connections if passed to a server, and they are instances of its base class', async () => {
      class Session extends WebSocket {
        user = 'somebody';
      }
      const { connection } = await meet(WebSocket, { WebSocket: Session });
      expect(connection).toBeInstanceOf(Session);
      expect(connection).toBeInstanceOf(WebSocket);
      expect((connection as Session).user).toBe('somebody');
    });
  });
});

test('compression returns the statistics of the extension, whatever its class', () => {
  const ws: WebSocket = new modules[0]![1].WebSocket(null, undefined, {});
  const statistics = { sent: 'nothing' };
  const extension = { name: 'x', statistics, compress: () => {}, decompress: () => {}, close: () => {} };
  ws.setSocket!(duplexPair()[0], Buffer.alloc(0), { extension });
  expect(ws.compression).toBe(statistics);
  ws.terminate();
});

test('the extension of a connection reports a message that it would not compress, because later ones could refer back to it', async () => {
  const { WebSocket, WebSocketServer } = framewire;
  const results: (Error | number)[] = [];
  class Compressing extends WebSocketServer {
    override completeUpgrade(...args: UpgradeArguments): void {
      for (const data of [randomBytes(2000), Buffer.alloc(2000), Buffer.alloc(0)])
        args[0]['permessage-deflate']?.compress(data, true, (error, made) =>
          results.push(error ?? made!.length),
        );
      super.completeUpgrade(...args);
    }
  }
  const server = new Compressing({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  servers.push(server);
  await once(server, 'listening');
  await once(new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`), 'open');
  expect(results).toEqual([expect.any(Error), expect.any(Number), 1]);
});
