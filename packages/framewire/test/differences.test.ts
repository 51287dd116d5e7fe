// The differences in doc/moving-from-ws.md and doc/differences-from-ws.md that no other test covers: the behaviour of framewire and of `ws`.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import type * as theirs from 'ws';
import * as ours from 'framewire';
import { modules, thrownBy, type WsModule } from './ws-compat/beside-ws.ts';

type Ends = { client: ours.WebSocket; connection: ours.WebSocket; request: IncomingMessage };

/** Runs the same program with both modules, and returns the results by name. */
async function beside<T>(program: (module: WsModule) => T | Promise<T>): Promise<Record<string, T>> {
  const outcomes: Record<string, T> = {};
  for (const [name, module] of modules) outcomes[name] = await program(module);
  return outcomes;
}

/** Both sides of a connection. */
async function meet(module: WsModule, options: ours.WebSocket.ServerOptions = {}): Promise<Ends> {
  const server = new module.WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  onTestFinished(() => {
    for (const ws of server.clients) ws.terminate();
    server.close();
  });
  await once(server, 'listening');
  const connected = once(server, 'connection') as Promise<[Ends['connection'], IncomingMessage]>;
  const client = new module.WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[connection, request]] = await Promise.all([connected, once(client, 'open')]);
  return { client, connection, request };
}

interface Held {
  ws: ours.WebSocket;
  far: Duplex;
}

/** A server's side that the program created with `setSocket()`, and the other end of its stream. */
function withStream({ WebSocket }: WsModule): Held {
  const [near, far] = duplexPair();
  const ws = new WebSocket(null, undefined, {});
  ws.setSocket!(near, Buffer.alloc(0), { maxPayload: 0 });
  return { ws, far };
}

describe('a connection', () => {
  test('calls the callback of send() with undefined on success', async () => {
    const told = await beside(async (module) => {
      const { client } = await meet(module);
      return new Promise<unknown>((resolve) => {
        client.send('well', resolve);
      });
    });
    expect(told).toEqual({ framewire: undefined, ws: null });
  });

  test('does not write a message if the program ends the socket in the same turn', async () => {
    const received = await beside(async (module) => {
      const { client, connection, request } = await meet(module);
      const messages: string[] = [];
      client.on('message', (data: Buffer) => messages.push(data.toString()));
      const closed = once(client, 'close');
      connection.send('last');
      request.socket.end();
      await closed;
      return messages;
    });
    expect(received).toEqual({ framewire: [], ws: ['last'] });
  });

  test('writes messages at the end of the tick, or on flush()', async () => {
    const written = await beside(async (module) => {
      const { connection, request } = await meet(module);
      const before = request.socket.bytesWritten;
      connection.send('x');
      const sent = request.socket.bytesWritten - before;
      expect(connection.bufferedAmount).toBe(0);
      expect(request.socket.bytesWritten - before).toBe(sent);
      (connection as { flush?: () => void }).flush?.();
      return [sent, request.socket.bytesWritten - before];
    });
    expect(written).toEqual({ framewire: [0, 3], ws: [3, 3] });
  });

  test('sends a frame of _sender after a message that is still being compressed', async () => {
    const lengths = await beside(async (module) => {
      const { client, connection } = await meet(module, { perMessageDeflate: { threshold: 0 } });
      const received: number[] = [];
      client.on('message', (data: Buffer) => received.push(data.length));
      connection.send(randomBytes(300_000));
      const frame = module.Sender.frame(Buffer.from('framed'), { fin: true, opcode: 1, readOnly: true });
      connection._sender?.sendFrame(frame);
      while (received.length < 2) await once(client, 'message');
      return received;
    });
    expect(lengths).toEqual({ framewire: [300_000, 6], ws: [6, 300_000] });
  });

  test('has a _receiver that is not a Receiver, and has only the limit', async () => {
    const isReceiver = await beside(async (module) => {
      const { _receiver } = (await meet(module)).connection;
      expect(_receiver?._maxPayload).toBe(100 << 20);
      return (_receiver as unknown) instanceof module.Receiver;
    });
    expect(isReceiver).toEqual({ framewire: false, ws: true });
  });

  test('reports in wasClean whether both sides have sent a close frame', async () => {
    const clean = await beside(async (module) => {
      const { client } = await meet(module);
      const closed = once(client, 'close');
      client.close();
      await closed;
      return client.wasClean;
    });
    expect(clean).toEqual({ framewire: true, ws: undefined });
  });
});

describe('a stream', () => {
  // The stream of ws may never close, and a test cannot wait for that.
  test('closes if the connection is lost while the stream ends', async () => {
    const { client } = await meet(ours);
    const stream = ours.createWebSocketStream(client).resume();
    const closed = once(stream, 'close');
    stream.end();
    (client._socket as IncomingMessage['socket']).destroy();
    await closed;
    expect([stream.writableFinished, stream.readableEnded]).toEqual([true, true]);
  });

  test('destroys itself when it ends, unless autoDestroy is false', async () => {
    const destroyed = async (autoDestroy?: boolean): Promise<boolean> => {
      const { client } = await meet(ours);
      const stream = ours.createWebSocketStream(client, autoDestroy === undefined ? {} : { autoDestroy });
      const over = Promise.all([once(stream.resume(), 'end'), once(stream, 'finish')]);
      const closed = autoDestroy === false ? undefined : once(stream, 'close');
      stream.end();
      await over;
      await closed;
      return stream.destroyed;
    };
    expect([await destroyed(), await destroyed(true), await destroyed(false)]).toEqual([true, true, false]);
  });
});

test('the path of a server is its option, or an empty string', async () => {
  const paths = await beside(({ WebSocketServer }) =>
    [{ path: '/chat' }, {}].map(
      (options) => new WebSocketServer({ noServer: true, ...options }).path as string | undefined,
    ),
  );
  expect(paths).toEqual({ framewire: ['/chat', ''], ws: [undefined, undefined] });
});

test('a verifyClient that is an async function refuses every client with 500', async () => {
  const outcomes = await beside(async (module) => {
    const verifyClient = (async () => false) as unknown as () => boolean;
    const server = new module.WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient });
    onTestFinished(() => {
      for (const ws of server.clients) ws.terminate();
      server.close();
    });
    const reported: string[] = [];
    server.on('wsClientError', (error) => reported.push(error.message));
    await once(server, 'listening');
    const client = new module.WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const outcome = await new Promise((resolve) => {
      client.on('open', () => resolve('open'));
      client.on('error', (error) => resolve(error.message));
    });
    return { outcome, reported };
  });
  expect(outcomes).toEqual({
    framewire: {
      outcome: 'Unexpected server response: 500',
      reported: [expect.stringContaining('verifyClient answered with a promise')],
    },
    ws: { outcome: 'open', reported: [] },
  });
});

test('new WebSocket(null) needs no options', async () => {
  const thrown = await beside(({ WebSocket }) => thrownBy(() => new WebSocket(null)));
  expect(thrown).toEqual({ framewire: 'nothing', ws: expect.stringContaining('TypeError') as string });
});

describe('the exports with the interface of ws', () => {
  test('extension.format() throws for a name or value that is not a token', async () => {
    const thrown = await beside(({ extension }) => thrownBy(() => extension.format({ 'a b': {} })));
    expect(thrown).toEqual({ framewire: expect.stringContaining('TypeError') as string, ws: 'nothing' });
  });

  test('PerMessageDeflate does not offer server_max_window_bits without a value', async () => {
    const offers = await beside(({ PerMessageDeflate }) =>
      new PerMessageDeflate({ serverMaxWindowBits: true }).offer(),
    );
    expect(offers).toEqual({
      framewire: { client_max_window_bits: true },
      ws: { client_max_window_bits: true, server_max_window_bits: true },
    });
  });

  test('PerMessageDeflate returns the whole message with the last fragment', async () => {
    const inflated = await beside(async ({ PerMessageDeflate }) => {
      const [server, client] = [new PerMessageDeflate({ isServer: true }), new PerMessageDeflate()];
      for (const end of [server, client]) end.accept([{}]);
      const texts: string[] = [];
      for (const [text, fin] of [
        ['one ', false],
        ['two', true],
      ] as const) {
        const compressed = await new Promise<Buffer>((resolve, reject) => {
          server.compress(text, fin, (error, data) => (data ? resolve(data) : reject(error)));
        });
        const data = await new Promise<Buffer>((resolve, reject) => {
          client.decompress(compressed, fin, (error, whole) => (whole ? resolve(whole) : reject(error)));
        });
        texts.push(data.toString());
      }
      for (const end of [server, client]) end.cleanup();
      return texts;
    });
    expect(inflated).toEqual({ framewire: ['', 'one two'], ws: ['one ', 'two'] });
  });

  test('have no internal properties', async () => {
    const properties = await beside(({ PerMessageDeflate, Receiver }) =>
      [new PerMessageDeflate(), new Receiver()].map((object) => '_maxPayload' in object),
    );
    expect(properties).toEqual({ framewire: [false, false], ws: [true, true] });
  });
});

describe('a WebSocket without an address, with a stream and no options', () => {
  test('answers pings', async () => {
    const sent = await beside(async (module) => {
      const { ws, far } = withStream(module);
      const message = once(ws, 'message');
      far.write(Buffer.from('898000000000' + '818000000000', 'hex'));
      await message;
      ws.send('x');
      const [bytes] = (await once(far, 'data')) as [Buffer];
      ws.terminate();
      return bytes.subarray(0, 2).toString('hex');
    });
    expect(sent).toEqual({ framewire: '8a00', ws: '8101' });
  });

  test('waits for the answer to its close frame', async () => {
    const [ours, theirs] = modules.map(([, module]) => withStream(module)) as [Held, Held];
    const cut = once(theirs.ws, 'close');
    for (const { ws, far } of [ours, theirs]) {
      far.resume();
      ws.close(1000);
    }
    expect((await cut)[0]).toBe(1006);
    expect(ours.ws.readyState).toBe(ours.ws.CLOSING);
    const closed = once(ours.ws, 'close');
    ours.far.end(Buffer.from('88820000000003e8', 'hex'));
    expect((await closed)[0]).toBe(1000);
  });
});

/** A Blob that is read before any event of the socket. */
class ReadBlob extends Blob {
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(new ArrayBuffer(4));
  }
}

test.each([
  ['destroyed', (ws: ours.WebSocket) => ws._socket.destroy(), 1],
  ['terminated', (ws: ours.WebSocket) => ws.terminate(), 2],
])(
  'when the connection is %s, calls the callbacks of sends that wait for a Blob after it has closed',
  async (_how, end, state) => {
    const told = await beside(async (module) => {
      const { client } = await meet(module);
      const calls: unknown[] = [];
      const record = (error?: Error): unknown => calls.push([error?.message, client.readyState]);
      client.send(new ReadBlob(['blob']), record);
      client.send('text', record);
      const closed = once(client, 'close');
      end(client);
      await closed;
      return calls;
    });
    const ours = ['The socket was closed before the data could be sent', 3];
    const theirs = ['The socket was closed while the blob was being read', state];
    expect(told).toEqual({ framewire: [ours, ours], ws: [theirs, theirs] });
  },
);

test.each(['ws+unix::/x', 'ws+unix::'])('rejects a ws+unix: address without a path: %s', async (address) => {
  const dialled = await beside(async ({ WebSocket }) => {
    // The addresses that are dialled, and refused.
    const createConnection = ({ host, port, socketPath }: Record<string, unknown>): never => {
      throw new Error(`${String(host)}:${String(port)} (${JSON.stringify(socketPath)})`);
    };
    try {
      const client = new WebSocket(address, { createConnection: createConnection as never });
      const [error] = (await once(client, 'error')) as [Error];
      return error.message;
    } catch (error) {
      return String(error);
    }
  });
  expect(dialled).toEqual({
    framewire: "SyntaxError: The URL's pathname is empty",
    // The default port of HTTP, over the network.
    ws: expect.stringContaining('localhost:80 ("")') as string,
  });
});

test('a server rejects the class of ws as the option WebSocket', () => {
  const [, [, ws]] = modules as [unknown, [string, WsModule]];
  class Extended extends ws.WebSocket {}
  for (const WebSocket of [ws.WebSocket, Extended]) {
    expect(() => new ours.WebSocketServer({ noServer: true, WebSocket })).toThrow(TypeError);
  }
  class Own extends ours.WebSocket {}
  expect(new ours.WebSocketServer({ noServer: true, WebSocket: Own }).options.WebSocket).toBe(Own);
});

// Compiled, not run: if a type is wrong, compiling fails.
describe('the types', () => {
  test('declare the error in callbacks of ping() and pong() as optional', () => {
    const ping = (our: ours.WebSocket, their: theirs.WebSocket): void => {
      our.ping('', true, (error) => {
        expectTypeOf(error).toEqualTypeOf<Error | undefined>();
      });
      their.ping('', true, (error) => {
        expectTypeOf(error).toEqualTypeOf<Error>();
      });
    };
    expectTypeOf(ping).returns.toBeVoid();
  });

  test('allow binaryType to be set to blob', () => {
    const client = new ours.WebSocket(null);
    client.binaryType = 'blob';
    expect(client.binaryType).toBe('blob');
    // The getter's type omits it, like RawData.
    expectTypeOf<'blob'>().not.toExtend<ours.WebSocket['binaryType']>();
    expectTypeOf<ours.WebSocket['binaryType']>().toEqualTypeOf<theirs.WebSocket['binaryType']>();
  });

  test('do not allow shouldHandle() to return a promise', () => {
    expectTypeOf<ReturnType<ours.WebSocketServer['shouldHandle']>>().toEqualTypeOf<boolean>();
    expectTypeOf<ReturnType<theirs.WebSocketServer['shouldHandle']>>().toEqualTypeOf<
      boolean | Promise<boolean>
    >();
  });
});
