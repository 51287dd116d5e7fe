// WebSocketStream for clients and for connections of a server.
import { getEventListeners, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { WebSocketError, WebSocketStream, type WebSocketOpenInfo } from '@framewire/stream';
import { WebSocket, WebSocketServer } from 'framewire';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let server: WebSocketServer;
let url: string;
/** Handles each connection of the server. */
let serve: (ws: WebSocket) => void;

beforeAll(async () => {
  server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: ({ req }: { req: { url?: string | undefined } }) => req.url !== '/refused',
  });
  server.on('connection', (ws) => {
    serve(ws);
  });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
beforeEach(() => {
  serve = (ws) => {
    ws.on('message', (data, isBinary) => {
      ws.send(data, { binary: isBinary });
    });
  };
});
afterAll(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

/** The stream of the server, once a client connects. */
function accepted(
  options?: Parameters<typeof WebSocketStream.from>[1],
): Promise<[WebSocketStream, WebSocket]> {
  return new Promise((resolve) => {
    serve = (ws) => {
      resolve([WebSocketStream.from(ws, options), ws]);
    };
  });
}

/** The error that a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<WebSocketError> {
  return promise.then(
    () => {
      throw new Error('It does not reject');
    },
    (error: unknown) => error as WebSocketError,
  );
}

async function readAll({ readable }: WebSocketOpenInfo): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const message of readable) all.push(message);
  return all;
}

describe('a client', () => {
  test('sends and receives each chunk as a message', async () => {
    const stream = new WebSocketStream(url.slice(0, -1), { protocols: ['chat'] });
    const { readable, writable, protocol, extensions } = await stream.opened;
    expect([stream.url, protocol, extensions]).toEqual([url, 'chat', '']);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const bytes = Uint8Array.of(9, 1, 2, 9);
    const foreign = runInNewContext('Uint8Array.of(4).buffer') as ArrayBuffer;
    const chunks = ['text', '', bytes.subarray(1, 3), Uint8Array.of(3).buffer, foreign];
    for (const chunk of [...chunks, new DataView(bytes.buffer, 3)]) await writer.write(chunk);
    for (const sent of ['text', '', ...[[1, 2], [3], [4], [9]].map((each) => Uint8Array.from(each))]) {
      const { value } = await reader.read();
      expect(value).toEqual(sent);
      expect(value!.constructor).toBe(sent.constructor);
    }
    await writer.write(7 as never);
    expect((await reader.read()).value).toBe('7');
    stream.close({ closeCode: 4000, reason: 'done' });
    expect(await stream.closed).toEqual({ closeCode: 4000, reason: 'done' });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(await failure(writer.closed)).toMatchObject({ name: 'InvalidStateError' });
  });

  test.each([
    [undefined, 1005, ''],
    [{}, 1005, ''],
    [{ reason: 'why' }, 1000, 'why'],
    [{ closeCode: 3000 }, 3000, ''],
    [{ closeCode: 4999 }, 4999, ''],
    [{ reason: 'x'.repeat(123) }, 1000, 'x'.repeat(123)],
    [Object.assign(() => {}, { closeCode: 3001 }), 3001, ''],
  ])('close(%j) closes with %i %s', async (info, closeCode, reason) => {
    const stream = new WebSocketStream(url);
    await stream.opened;
    stream.close(info);
    expect(await stream.closed).toEqual({ closeCode, reason });
  });

  test.each([
    ['TypeError', true],
    ['InvalidAccessError', { closeCode: 1001 }],
    ['InvalidAccessError', { closeCode: 2999 }],
    ['SyntaxError', { reason: 'ä'.repeat(62) }],
  ])('close() throws a %s for %j, and the connection stays open', async (name, info) => {
    const stream = new WebSocketStream(url);
    await stream.opened;
    expect(() => {
      stream.close(info as object);
    }).toThrow(expect.objectContaining({ name }) as Error);
    stream.close();
    await stream.closed;
  });

  test('a write after close() is rejected, and the connection closes cleanly', async () => {
    const stream = new WebSocketStream(url);
    const { writable } = await stream.opened;
    stream.close();
    expect(await failure(writable.getWriter().write('late'))).toMatchObject({ name: 'InvalidStateError' });
    expect(await stream.closed).toEqual({ closeCode: 1005, reason: '' });
  });

  test('the writable side closes the connection, and waits until it is closed', async () => {
    const stream = new WebSocketStream(url);
    const { writable } = await stream.opened;
    const order: string[] = [];
    const closed = stream.closed.then((info) => {
      order.push('closed');
      return info;
    });
    await writable.close();
    order.push('writable side');
    expect(await closed).toEqual({ closeCode: 1005, reason: '' });
    expect(order).toEqual(['closed', 'writable side']);
  });

  test.each(['abort', 'cancel'])(
    '%s() with a WebSocketError closes with its code and reason',
    async (how) => {
      for (const [reason, ending] of [
        [new WebSocketError('', { closeCode: 3456, reason: 'set' }), { closeCode: 3456, reason: 'set' }],
        [new WebSocketError('', { reason: 'alone' }), { closeCode: 1000, reason: 'alone' }],
        [{ closeCode: 3456 }, { closeCode: 1005, reason: '' }],
        [undefined, { closeCode: 1005, reason: '' }],
      ] as const) {
        const stream = new WebSocketStream(url);
        const { readable, writable } = await stream.opened;
        await (how === 'abort' ? writable.abort(reason) : readable.cancel(reason));
        expect(await stream.closed).toEqual(ending);
      }
    },
  );

  test('abort() closes the connection although the peer does not read', async () => {
    serve = (ws) => {
      ws.pause();
    };
    const ws = new WebSocket(url, { closeTimeout: 50 });
    await once(ws, 'open');
    const stream = WebSocketStream.from(ws);
    const { writable } = await stream.opened;
    const writer = writable.getWriter();
    // More than the buffers of both sockets hold.
    const written = writer.write(new Uint8Array(64 * 1024 * 1024));
    const failed = Promise.all([failure(written), failure(stream.closed)]);
    void writer.abort();
    await failed;
    expect(ws.readyState).toBe(WebSocket.CLOSED);
  });

  test('that the server refuses rejects both promises, with the cause', async () => {
    const stream = new WebSocketStream(`${url}refused`);
    const error = await failure(stream.opened);
    expect(error).toBeInstanceOf(WebSocketError);
    expect(error).toMatchObject({ closeCode: null, cause: { code: 'WS_ERR_UNEXPECTED_RESPONSE' } });
    expect(await failure(stream.closed)).toBe(error);
  });

  test('that is closed while connecting rejects both promises', async () => {
    const stream = new WebSocketStream(url);
    stream.close();
    expect(await failure(stream.opened)).toBeInstanceOf(WebSocketError);
    expect(await failure(stream.closed)).toBeInstanceOf(WebSocketError);
  });

  test('a signal that aborts before or while connecting rejects both promises, and ends the attempt', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const controller = new AbortController();
    const early = new WebSocketStream(address, { signal: AbortSignal.abort('enough') });
    const late = new WebSocketStream(address, controller);
    expect(early.url).toBe(address);
    await once(silent, 'connection');
    controller.abort('enough');
    for (const stream of [early, late]) {
      expect(await failure(stream.opened)).toBe('enough');
      expect(await failure(stream.closed)).toBe('enough');
    }
    // A connection of the first client would have arrived first.
    expect(sockets).toHaveLength(1);
    sockets[0]!.resume();
    await once(sockets[0]!, 'close');
    silent.close();
  });

  test('a signal that aborts later has no effect', async () => {
    const controller = new AbortController();
    const stream = new WebSocketStream(url, { signal: controller.signal });
    const { writable, readable } = await stream.opened;
    controller.abort();
    await writable.getWriter().write('still');
    expect((await readable.getReader().read()).value).toBe('still');
    stream.close();
    await stream.closed;
  });

  test.each(['opens', 'fails'])('leaves no listener on its signal when it %s', async (how) => {
    const { signal } = new AbortController();
    const stream = new WebSocketStream(how === 'fails' ? `${url}refused` : url, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await stream.opened.catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    stream.close();
    await stream.closed.catch(() => undefined);
  });

  test('accepts the options of our client', async () => {
    serve = (ws) => {
      ws.send('too long');
    };
    const stream = new WebSocketStream(url, { maxPayload: 3 });
    await stream.opened;
    expect(await failure(stream.closed)).toMatchObject({
      cause: { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
    });
  });

  test('has the limits of its options', async () => {
    serve = (ws) => {
      ws.once('message', () => {
        for (const text of ['a', 'b', 'c']) ws.send(text);
        ws.close();
      });
    };
    const stream = new WebSocketStream(url, { highWaterMark: 10, messageHighWaterMark: Infinity });
    const opened = await stream.opened;
    const writer = opened.writable.getWriter();
    const written = writer.write('x'.repeat(11));
    expect(writer.desiredSize).toBe(0);
    await written;
    // A connection that is paused would not get the close frame.
    expect(await stream.closed).toEqual({ closeCode: 1005, reason: '' });
    expect(await readAll(opened)).toEqual(['a', 'b', 'c']);
  });

  test('delivers all messages before the error of a lost connection, without a limit of messages too', async () => {
    serve = (ws) => {
      for (const text of ['a', 'b', 'c']) ws.send(text, () => text === 'c' && ws.terminate());
    };
    const stream = new WebSocketStream(url, { messageHighWaterMark: Infinity });
    const { readable } = await stream.opened;
    const error = await failure(stream.closed);
    const reader = readable.getReader();
    for (const text of ['a', 'b', 'c']) expect((await reader.read()).value).toBe(text);
    expect(await failure(reader.read())).toBe(error);
  });

  test.each([NaN, -1])('a messageHighWaterMark of %d is 0', async (messageHighWaterMark) => {
    const stream = new WebSocketStream(url, { messageHighWaterMark });
    const { readable, writable } = await stream.opened;
    const reader = readable.getReader();
    await writable.getWriter().write('text');
    expect((await reader.read()).value).toBe('text');
    stream.close();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await stream.closed;
  });

  test.each([
    ['TypeError', []],
    ['SyntaxError', ['invalid:']],
    ['SyntaxError', ['ws://a/', { protocols: ['a', 'a'] }]],
    ['TypeError', ['ws://a/', true]],
    ['TypeError', ['ws://a/', { protocols: 'chat' }]],
  ])('throws a %s for %j', (name, args) => {
    const construct = (): unknown => Reflect.construct(WebSocketStream, args);
    expect(construct).toThrow(expect.objectContaining({ name }) as Error);
    expect(construct).toThrow(name === 'TypeError' ? TypeError : DOMException);
  });
});

describe('a connection of a server', () => {
  test('can be read and written, and keeps messages that arrive after the call', async () => {
    const stream = accepted();
    const client = new WebSocketStream(url);
    const { writable } = await client.opened;
    const writer = writable.getWriter();
    for (const text of ['a', 'b', 'c']) await writer.write(text);
    // The close frame comes after the messages, so it is received when they have been read.
    const closing = writer.close();
    const [server] = await stream;
    expect(server.url).toBe('');
    expect(await readAll(await server.opened)).toEqual(['a', 'b', 'c']);
    await closing;
    expect(await server.closed).toEqual({ closeCode: 1005, reason: '' });
  });

  test('is piped from one stream to the other', async () => {
    const echoed = accepted();
    const client = new WebSocketStream(url);
    const { readable, writable } = await client.opened;
    const [server] = await echoed;
    const { readable: from, writable: to } = await server.opened;
    const piped = from.pipeTo(to as WritableStream<unknown>, { preventClose: true }).catch(() => undefined);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const sent = Array.from({ length: 200 }, (_, index) => String(index));
    void (async () => {
      for (const text of sent) await writer.write(text);
    })();
    for (const text of sent) expect((await reader.read()).value).toBe(text);
    client.close({ closeCode: 1000 });
    await client.closed;
    await piped;
  });

  test('a reader that stops also stops the peer, and nothing is lost', async () => {
    const stream = accepted({ messageHighWaterMark: 4 });
    const client = new WebSocketStream(url);
    const { writable } = await client.opened;
    const [server, ws] = await stream;
    const { readable } = await server.opened;
    const writer = writable.getWriter();
    const payload = new Uint8Array(256 * 1024);
    const isFull = new Promise<void>((resolve) => {
      const { pause } = ws;
      ws.pause = function () {
        pause.call(this);
        resolve();
      };
    });
    let written = 0;
    const writing = (async () => {
      for (let count = 0; count < 64; count++) {
        payload[0] = count;
        await writer.write(payload);
        written++;
      }
      await writer.close();
    })();
    await isFull;
    // The operating system buffers some megabytes, but not all of it.
    let before = -1;
    while (before !== written) {
      before = written;
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeLessThan(64);
    const numbers: unknown[] = [];
    for await (const message of readable) numbers.push(message[0]);
    expect(numbers).toEqual(Array.from({ length: 64 }, (_, index) => index));
    await writing;
  });

  test('the ready promise of a writer is pending while more than highWaterMark bytes wait', async () => {
    const stream = accepted({ highWaterMark: 1000 });
    const client = new WebSocketStream(url, { messageHighWaterMark: 1 });
    await client.opened;
    const [server, ws] = await stream;
    const writer = (await server.opened).writable.getWriter();
    await writer.write('x'.repeat(1000));
    // The first message does not delay the second.
    const states: string[] = [];
    const second = writer.write('x'.repeat(1001)).then(() => states.push('written'));
    await writer.ready.then(() => states.push('ready'));
    await second;
    expect(states).toEqual(['written', 'ready']);
    expect(ws.bufferedAmount).toBeLessThanOrEqual(1000);
    client.close();
    const { readable } = await client.opened;
    await readable.cancel();
    await client.closed;
  });

  test('is resumed when the reader has taken half of messageHighWaterMark', async () => {
    const stream = accepted({ messageHighWaterMark: 4 });
    const client = new WebSocketStream(url);
    const writer = (await client.opened).writable.getWriter();
    const [server, ws] = await stream;
    const reader = (await server.opened).readable.getReader();
    const isPaused = new Promise<void>((resolve) => {
      const { pause } = ws;
      ws.pause = function () {
        pause.call(this);
        resolve();
      };
    });
    for (const text of ['a', 'b', 'c', 'd']) await writer.write(text);
    await isPaused;
    const states: boolean[] = [];
    for (let count = 0; count < 3; count++) {
      await reader.read();
      await Promise.resolve();
      states.push(ws.isPaused);
    }
    expect(states).toEqual([true, false, false]);
    client.close();
    await client.closed;
  });

  test('that is paused reads the close frame after cancel()', async () => {
    const stream = accepted({ messageHighWaterMark: 1 });
    const client = new WebSocketStream(url);
    const writer = (await client.opened).writable.getWriter();
    const [server, ws] = await stream;
    const { readable } = await server.opened;
    const isPaused = new Promise<void>((resolve) => {
      const { pause } = ws;
      ws.pause = function () {
        pause.call(this);
        resolve();
      };
    });
    for (const text of ['a', 'b']) await writer.write(text);
    await isPaused;
    await readable.cancel();
    expect(await server.closed).toEqual({ closeCode: 1005, reason: '' });
  });

  test.each([1000, 20_000, 70_000])(
    'is ready while no more than highWaterMark bytes wait, in messages of %i bytes',
    async (size) => {
      const mark = 1_000_000;
      const [near, far] = duplexPair();
      const ws = new WebSocket(null);
      ws.setSocket?.(near, Buffer.alloc(0));
      const stream = WebSocketStream.from(ws, { highWaterMark: mark });
      const writer = (await stream.opened).writable.getWriter();
      const writes: Promise<void>[] = [];
      while (writer.desiredSize! > 0 && writes.length < 2000) {
        writes.push(writer.write(size === 20_000 ? new ArrayBuffer(size) : new Uint8Array(size)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const written = writes.length * size;
      expect(written).toBeGreaterThanOrEqual(mark);
      // The stream below has a buffer of its own.
      expect(written).toBeLessThan(mark + 3 * size + 200_000);
      far.resume();
      await Promise.all([writer.ready, ...writes]);
      ws.terminate();
      await failure(stream.closed);
    },
  );

  test('that the peer cuts fails both sides with the error of closed, after the received messages', async () => {
    const stream = accepted();
    const client = new WebSocketStream(url);
    await client.opened;
    const [server, ws] = await stream;
    const { readable, writable } = await client.opened;
    const { readable: from, writable: to } = await server.opened;
    const waiting = failure(from.getReader().read());
    await to.getWriter().write('last');
    ws.terminate();
    const error = await failure(client.closed);
    expect(error).toBeInstanceOf(WebSocketError);
    expect(error).toMatchObject({ name: 'WebSocketError', closeCode: 1006, reason: '' });
    const reader = readable.getReader();
    expect(await reader.read()).toEqual({ done: false, value: 'last' });
    expect(await failure(reader.read())).toBe(error);
    expect(await failure(writable.getWriter().closed)).toBe(error);
    const own = await failure(server.closed);
    expect(own).toMatchObject({ closeCode: 1006 });
    expect(await waiting).toBe(own);
  });

  test('that the peer cuts rejects a close() of the writable side', async () => {
    const stream = accepted();
    const client = new WebSocketStream(url);
    const { writable } = await client.opened;
    const [server, ws] = await stream;
    ws.pause();
    const closing = failure(writable.close());
    ws.terminate();
    expect(await closing).toBe(await failure(client.closed));
    await failure(server.closed);
  });

  test.each([20, 20_000])(
    'that is destroyed before a message of %i bytes was written rejects, although the peer has sent a close frame',
    async (size) => {
      // As with a TCP socket, the callback of an unfinished write is called without an error.
      let done = (): void => {};
      const socket = new Duplex({
        read() {},
        write(_chunk, _encoding, callback) {
          done = callback;
        },
        destroy(error, callback) {
          done();
          callback(error);
        },
      });
      const ws = new WebSocket(null);
      ws.setSocket?.(socket, Buffer.alloc(0));
      const stream = WebSocketStream.from(ws);
      const written = (await stream.opened).writable.getWriter().write(new Uint8Array(size));
      socket.push(Buffer.from('8882000000000fa0', 'hex'));
      await once(socket, 'data');
      socket.destroy();
      expect(await failure(stream.closed)).toMatchObject({ closeCode: 4000 });
      // A short message was copied, so its write has completed.
      if (size === 20) await written;
      else expect(await failure(written)).toMatchObject({ name: 'InvalidStateError' });
    },
  );

  test('that is closing or closed makes opened and closed reject', async () => {
    const stream = accepted();
    const client = new WebSocketStream(url);
    const [server, ws] = await stream;
    const rejects = async (): Promise<void> => {
      const late = WebSocketStream.from(ws);
      expect(await failure(late.opened)).toMatchObject({ name: 'InvalidStateError' });
      expect(await failure(late.closed)).toMatchObject({ name: 'InvalidStateError' });
    };
    await client.opened;
    ws.close();
    await rejects();
    await server.closed;
    await rejects();
  });

  test('may have any binaryType before the call', async () => {
    const stream = accepted();
    const { serve: serveStream } = { serve };
    serve = (ws) => {
      ws.binaryType = 'arraybuffer';
      serveStream(ws);
    };
    const client = new WebSocketStream(url);
    await (await client.opened).writable.getWriter().write(Uint8Array.of(1));
    const [server] = await stream;
    const { value } = await (await server.opened).readable.getReader().read();
    expect(value).toEqual(Uint8Array.of(1));
    client.close();
    await client.closed;
  });
});

test('from() keeps the address of a connecting client, and makes an instance of the subclass', async () => {
  const Class = class extends WebSocketStream {};
  const stream = Class.from(new WebSocket(url));
  expect(stream).toBeInstanceOf(Class);
  expect(stream.url).toBe(url);
  const { readable, writable } = await stream.opened;
  await writable.getWriter().write('text');
  expect((await readable.getReader().read()).value).toBe('text');
  stream.close();
  await stream.closed;
});

test.each([
  ['a resizable buffer', Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }])],
  ['a view on shared memory', new Uint8Array(new SharedArrayBuffer(8))],
  ['a value that cannot become text', { toString: () => ({}) }],
])('%s is rejected by a writer', async (_, chunk) => {
  const stream = new WebSocketStream(url);
  const { writable } = await stream.opened;
  expect(await failure(writable.getWriter().write(chunk as never))).toBeInstanceOf(TypeError);
  stream.close();
  await stream.closed;
});

test('a stream has the name that it has in browsers', async () => {
  const stream = new WebSocketStream(url);
  expect(String(stream)).toBe('[object WebSocketStream]');
  await stream.opened;
  stream.close();
  await stream.closed;
});

test('a WebSocketError is a DOMException with a close code and a reason', () => {
  const error = new WebSocketError('message', { closeCode: 3456, reason: 'reason' });
  expect(error).toBeInstanceOf(DOMException);
  expect([error.name, error.code, error.message, error.closeCode, error.reason]).toEqual([
    ...['WebSocketError', 0, 'message', 3456, 'reason'],
  ]);
  expect(new WebSocketError()).toMatchObject({ message: '', closeCode: null, reason: '' });
  for (const closeCode of [999, 1001, 2999, 5000]) {
    expect(() => new WebSocketError('', { closeCode })).toThrow(
      expect.objectContaining({ name: 'InvalidAccessError' }) as Error,
    );
  }
});
