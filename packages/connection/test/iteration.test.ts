// A connection as an async iterable of its messages, and `opened`.
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { WebSocketConnection, type ConnectionClosedError } from '@framewire/connection';
import { expect, test, vi } from 'vitest';
import { attach, end, hex, memoryPair, rawPair } from './support/pairs.ts';

/** Takes this many messages from a connection, and leaves the loop. */
async function take(ws: WebSocketConnection, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for await (const message of ws) if (taken.push(message) === count) break;
  return taken;
}

/** Takes all messages, and returns what the loop throws after them. */
async function takeAll(ws: WebSocketConnection): Promise<{ taken: unknown[]; error: unknown }> {
  const taken: unknown[] = [];
  try {
    for await (const message of ws) taken.push(message);
    return { taken, error: undefined };
  } catch (error) {
    return { taken, error };
  }
}

/** Sends numbered messages, and waits until all of them are written. */
async function sendNumbers(ws: WebSocketConnection, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count - 1; n++) ws.send(`${n}`);
  await new Promise((resolve) => ws.send(`${from + count - 1}`, resolve));
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, n) => `${n + from}`);
}

test('yields text as strings, and binary data as binaryType says', async () => {
  const pair = memoryPair();
  pair.client.binaryType = 'arraybuffer';
  const taken = take(pair.client, 3);
  pair.server.send('text');
  pair.server.send(Uint8Array.of(1, 2));
  pair.server.send('');
  expect(await taken).toEqual(['text', Uint8Array.of(1, 2).buffer, '']);
  await end(pair);
});

test('keeps messages from the moment the iterator is requested', async () => {
  const pair = memoryPair();
  const iterator = pair.client[Symbol.asyncIterator]();
  await sendNumbers(pair.server, 3);
  pair.server.close();
  await once(pair.client, 'close');
  const taken: unknown[] = [];
  for await (const message of iterator) taken.push(message);
  expect(taken).toEqual(numbers(3));
});

test('listeners of message still get every event', async () => {
  const pair = memoryPair();
  const heard: string[] = [];
  pair.client.on('message', (data) => heard.push(String(data)));
  const taken = takeAll(pair.client);
  await sendNumbers(pair.server, 50);
  pair.server.close();
  expect((await taken).taken).toEqual(numbers(50));
  expect(heard).toEqual(numbers(50));
});

test.each([
  [undefined, 16],
  [4, 4],
  [1, 1],
])(
  'with messageHighWaterMark %s the connection pauses when %i messages wait, and resumes at half',
  async (messageHighWaterMark, limit) => {
    const pair = memoryPair({ client: { messageHighWaterMark } });
    const iterator = pair.client[Symbol.asyncIterator]();
    const paused = new Promise<void>((resolve) => {
      const { pause } = pair.client;
      pair.client.pause = function () {
        pause.call(this);
        resolve();
      };
    });
    let heard = 0;
    pair.client.on('message', () => heard++);
    await sendNumbers(pair.server, limit * 3);
    await paused;
    expect(heard).toBe(limit);
    for (let n = 0; n < Math.ceil(limit / 2) - 1; n++) {
      await iterator.next();
      expect(pair.client.isPaused).toBe(true);
    }
    await iterator.next();
    expect(pair.client.isPaused).toBe(false);
    const left = limit * 3 - Math.ceil(limit / 2);
    expect(await take(pair.client, left)).toEqual(numbers(left, Math.ceil(limit / 2)));
    await end(pair);
  },
);

test('with messageHighWaterMark 0 the connection is never paused', async () => {
  const pair = memoryPair({ client: { messageHighWaterMark: 0 } });
  const iterator = pair.client[Symbol.asyncIterator]();
  await sendNumbers(pair.server, 100);
  pair.server.close();
  await once(pair.client, 'close');
  expect(await iterator.next()).toEqual({ done: false, value: '0' });
});

test('a pause() of the application lasts until its resume()', async () => {
  const pair = memoryPair({ client: { messageHighWaterMark: 2 } });
  const iterator = pair.client[Symbol.asyncIterator]();
  pair.client.on('message', () => {
    pair.client.pause();
  });
  await sendNumbers(pair.server, 2);
  expect(await iterator.next()).toEqual({ done: false, value: '0' });
  expect(pair.client.isPaused).toBe(true);
  pair.client.resume();
  expect(await iterator.next()).toEqual({ done: false, value: '1' });
  expect(pair.client.isPaused).toBe(true);
  await end(pair);
});

test('a pause() of the application lasts, even if the loop would pause the connection after it', async () => {
  const pair = memoryPair({ client: { messageHighWaterMark: 1 } });
  pair.client.on('message', () => {
    pair.client.pause();
  });
  const iterator = pair.client[Symbol.asyncIterator]();
  await sendNumbers(pair.server, 1);
  expect(await iterator.next()).toEqual({ done: false, value: '0' });
  expect(pair.client.isPaused).toBe(true);
  pair.client.resume();
  await end(pair);
});

test('a pause() of the application lasts, even if the loop has paused the connection before it', async () => {
  const pair = memoryPair({ client: { messageHighWaterMark: 1 } });
  const iterator = pair.client[Symbol.asyncIterator]();
  await sendNumbers(pair.server, 2);
  expect(pair.client.isPaused).toBe(true);
  pair.client.pause();
  expect(await iterator.next()).toEqual({ done: false, value: '0' });
  expect(pair.client.isPaused).toBe(true);
  const second = iterator.next();
  pair.client.resume();
  expect(await second).toEqual({ done: false, value: '1' });
  await end(pair);
});

test('a loop that takes no messages makes the peer wait, and nothing is lost', async () => {
  const pair = memoryPair({ client: { messageHighWaterMark: 2 } });
  const iterator = pair.client[Symbol.asyncIterator]();
  const payload = Buffer.alloc(64 * 1024, 'a');
  for (let n = 0; n < 8; n++) pair.server.send(payload);
  await pair.client[Symbol.asyncIterator]().next();
  expect(pair.server.writableNeedDrain).toBe(true);
  let count = 1;
  for await (const message of iterator) {
    expect(payload.equals(message as Buffer)).toBe(true);
    if (++count === 8) break;
  }
  await end(pair);
});

test('leaving a loop does not close the connection, and a second loop continues', async () => {
  const pair = memoryPair();
  const first = take(pair.client, 2);
  await sendNumbers(pair.server, 3);
  expect(await first).toEqual(['0', '1']);
  expect(pair.client.readyState).toBe(pair.client.OPEN);
  const second = take(pair.client, 3);
  await sendNumbers(pair.server, 2, 3);
  expect(await second).toEqual(['2', '3', '4']);
  await end(pair);
});

test('return() ends waiting calls of next(), and takes no message', async () => {
  const pair = memoryPair();
  const left = pair.client[Symbol.asyncIterator]();
  const other = pair.client[Symbol.asyncIterator]();
  const waiting = [left.next(), other.next(), left.next()];
  expect(await left.return?.()).toEqual({ done: true, value: undefined });
  pair.server.send('for the other');
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: false, value: 'for the other' },
    { done: true, value: undefined },
  ]);
  expect(await left.next()).toEqual({ done: true, value: undefined });
  await end(pair);
});

test.each([1000, 1001, undefined])('the loop ends when the peer closes with %s', async (code) => {
  const pair = memoryPair();
  const all = takeAll(pair.client);
  pair.server.send('last');
  pair.server.close(code);
  expect(await all).toEqual({ taken: ['last'], error: undefined });
  expect(await takeAll(pair.client)).toEqual({ taken: [], error: undefined });
});

test.each([1011, 4001])('the loop throws when the peer closes with %i', async (closeCode) => {
  const pair = memoryPair();
  const all = takeAll(pair.client);
  pair.server.send('last');
  pair.server.close(closeCode, 'why');
  const { taken, error } = await all;
  expect(taken).toEqual(['last']);
  expect(error).toMatchObject({
    closeCode,
    reason: 'why',
    message: `The connection closed with ${closeCode}: why`,
  });
  // A later loop throws the same. The iterator that has thrown is finished.
  expect(await takeAll(pair.client)).toEqual({ taken: [], error });
  const iterator = pair.client[Symbol.asyncIterator]();
  await expect(iterator.next()).rejects.toBe(error);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test('of several waiting calls of next(), the first throws and the others end', async () => {
  const pair = memoryPair();
  const iterator = pair.client[Symbol.asyncIterator]();
  const waiting = Promise.allSettled([iterator.next(), iterator.next()]);
  pair.server.close(4000);
  expect(await waiting).toMatchObject([
    { status: 'rejected', reason: { closeCode: 4000 } },
    { status: 'fulfilled', value: { done: true } },
  ]);
});

test('the loop throws 1006 when the stream ends without a close frame', async () => {
  const { connection, peer } = await rawPair('client');
  const all = takeAll(connection);
  peer.destroy();
  expect(await all).toMatchObject({ taken: [], error: { closeCode: 1006, reason: '' } });
});

test('an error of the connection is the cause of the exception of the loop, and is not thrown as uncaught', async () => {
  const { connection, peer } = await rawPair('server');
  const all = takeAll(connection);
  // An unmasked frame of a client.
  peer.end(hex('81 01 61'));
  const { error } = await all;
  expect((error as ConnectionClosedError).closeCode).toBe(1006);
  expect((error as Error).cause).toMatchObject({ code: 'WS_ERR_EXPECTED_MASK' });
});

test('a loop that starts after the connection has closed throws, because messages may have been missed', async () => {
  const pair = memoryPair();
  pair.server.close();
  await once(pair.client, 'close');
  expect(await takeAll(pair.client)).toMatchObject({ taken: [], error: { code: 'WS_ERR_NOT_OPEN' } });
});

test('a proxy of a connection and an object that inherits from it share its messages', async () => {
  const pair = memoryPair();
  pair.client[Symbol.asyncIterator]();
  await sendNumbers(pair.server, 2);
  expect(await take(new Proxy(pair.client, {}), 1)).toEqual(['0']);
  expect(await take(Object.create(pair.client) as WebSocketConnection, 1)).toEqual(['1']);
  await end(pair);
});

test('a connection without a loop has no state for one', async () => {
  const pair = memoryPair();
  const before = Reflect.ownKeys(pair.client);
  pair.client.on('message', () => {});
  pair.server.send('message');
  await once(pair.client, 'message');
  expect(Reflect.ownKeys(pair.client)).toEqual(before);
  void pair.client[Symbol.asyncIterator]();
  expect(Reflect.ownKeys(pair.client)).toHaveLength(before.length + 1);
  await end(pair);
});

test('opened resolves with the connection', async () => {
  const [near, far] = duplexPair();
  const client = new WebSocketConnection();
  const opened = client.opened as Promise<WebSocketConnection>;
  expect(client.opened).toBe(opened);
  const server = attach(far, 'server');
  client.setSocket(near, Buffer.alloc(0), { role: 'client' });
  expect(await opened).toBe(client);
  expect(await server.opened).toBe(server);
  expect(client.listenerCount('error') + client.listenerCount('close') + client.listenerCount('open')).toBe(
    0,
  );
  await end({ client, server });
});

test.each(['loop', 'listener'])(
  'messages that arrive with the response are delivered to the %s that follows await opened',
  async (kind) => {
    const [near, far] = duplexPair();
    const client = new WebSocketConnection();
    const first = (async () => {
      const ws = (await client.opened) as WebSocketConnection;
      if (kind === 'loop') return take(ws, 1);
      return [String(((await once(ws, 'message')) as [Buffer])[0])];
    })();
    client.setSocket(near, hex('81 02 68 69'), { role: 'client' });
    expect(await first).toEqual(['hi']);
    far.destroy();
    near.destroy();
  },
);

test.each(['open event', 'turn of the open event'])(
  'messages that arrive with the handshake are delivered to a loop after await opened in the %s',
  async (when) => {
    const [near, far] = duplexPair();
    const client = new WebSocketConnection();
    const first = new Promise((resolve) => {
      const read = async (): Promise<void> => {
        await client.opened;
        resolve(await take(client, 1));
      };
      if (when === 'open event') client.on('open', () => void read());
      // Opened in an immediate, as a server does. If it were opened in a microtask, all other microtasks would run before the next tick.
      setImmediate(() => {
        client.setSocket(near, hex('81 02 68 69'), { role: 'client' });
        if (when !== 'open event') void read();
      });
    });
    expect(await first).toEqual(['hi']);
    far.destroy();
    near.destroy();
  },
);

test('a pause() after await opened lasts', async () => {
  const [near, far] = duplexPair();
  const client = new WebSocketConnection();
  const listener = vi.fn();
  client.on('message', listener);
  const paused = (client.opened as Promise<void>).then(() => {
    client.pause();
  });
  client.setSocket(near, hex('81 02 68 69'), { role: 'client' });
  await paused;
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(listener).not.toHaveBeenCalled();
  const message = once(client, 'message');
  client.resume();
  await message;
  far.destroy();
  near.destroy();
});

test('opened rejects with the error of the connection, which is not thrown as uncaught', async () => {
  const client = new WebSocketConnection();
  const { opened } = client;
  client.terminate();
  await expect(opened).rejects.toThrow('WebSocket was closed before the connection was established');
});

test.each(['closing', 'closed'])('opened rejects when the connection is %s', async (state) => {
  const pair = memoryPair();
  pair.client.close();
  if (state === 'closed') await once(pair.client, 'close');
  await expect(pair.client.opened).rejects.toMatchObject({ code: 'WS_ERR_NOT_OPEN' });
  await end(pair);
});

test('a program may assign opened', () => {
  const ws = new WebSocketConnection();
  ws.opened = 'mine';
  expect(ws.opened).toBe('mine');
});

test.each([
  ['close()', (ws: WebSocketConnection) => ws.close()],
  ['await using', (ws: WebSocketConnection) => void ws[Symbol.asyncDispose]()],
])(
  '%s after a loop was left closes cleanly, even if more messages wait than are kept',
  async (_how, close) => {
    const { client, server } = memoryPair({ client: { messageHighWaterMark: 4 } });
    const taken = take(client, 1);
    await sendNumbers(server, 20);
    expect(await taken).toEqual(['0']);
    while (!client.isPaused) await new Promise((resolve) => setImmediate(resolve));
    const closed = once(client, 'close');
    close(client);
    expect((await closed)[0]).toBe(1005);
    expect(client.wasClean).toBe(true);
    // A loop can still take the messages that were kept before.
    expect(await takeAll(client)).toEqual({ taken: numbers(4, 1), error: undefined });
  },
);

test('close() while a loop runs delivers what the peer has sent before', async () => {
  const { client, server } = memoryPair({ client: { messageHighWaterMark: 4 } });
  const all = takeAll(client);
  await sendNumbers(server, 20);
  client.close();
  expect(await all).toEqual({ taken: numbers(20), error: undefined });
});
