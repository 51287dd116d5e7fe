import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { readBytes } from '@framewire/testing';
import { encodeFrame, Opcode } from '@framewire/codec';
import {
  WebSocketConnection,
  type BinaryType,
  type ConnectionOptions,
  type RawData,
} from '@framewire/connection';
import {
  attach,
  closeOf,
  collect,
  end,
  hex,
  memoryPair,
  rawPair,
  socketPair,
  tcpPair,
  textOf,
  uncaughtIn,
} from './support/pairs.ts';

/** The compiler has no types for `WebAssembly`. */
const { Memory } = (
  globalThis as unknown as {
    WebAssembly: {
      Memory: new (pages: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): void };
    };
  }
).WebAssembly;

/** A masked text frame. */
const text = (content: string): Uint8Array =>
  encodeFrame({ opcode: Opcode.TEXT, payload: Buffer.from(content), maskingKey: 0 });

/** A masked binary frame. */
const binary = (content: string): Uint8Array =>
  encodeFrame({ opcode: Opcode.BINARY, payload: Buffer.from(content), maskingKey: 0 });

/** The bytes in memory of their own, like a chunk of a socket. */
function ownMemory(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A connection of a server, and a function that makes it receive frames in one chunk. */
function feed(options: ConnectionOptions = {}): {
  connection: WebSocketConnection;
  push: (...frames: Uint8Array[]) => void;
} {
  const [a, b] = duplexPair();
  const connection = attach(a, 'server', options);
  b.resume();
  return { connection, push: (...frames) => void b.write(ownMemory(Buffer.concat(frames))) };
}

describe('a message', () => {
  test('may be transferred by its listener without losing other messages of its chunk', async () => {
    const { connection, push } = feed();
    const arrived: string[] = [];
    connection.on('message', (data: Buffer) => {
      const { buffer } = data;
      arrived.push(String(data));
      try {
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      } catch (error) {
        // Node 20 copies, and later versions throw.
        expect((error as Error).name).toBe('DataCloneError');
      }
    });
    for (let chunk = 0; chunk < 3; chunk++) push(text(`a${chunk}`), text(`b${chunk}`), text(`c${chunk}`));
    push(text('end'));
    while (arrived.at(-1) !== 'end') await once(connection, 'message');
    expect(arrived.join(' ')).toBe('a0 b0 c0 a1 b1 c1 a2 b2 c2 end');
    connection.terminate();
  });

  test("has memory of its own with binaryType 'arraybuffer', so that its listener can transfer it", async () => {
    const { connection, push } = feed();
    connection.binaryType = 'arraybuffer';
    const arrived: string[] = [];
    connection.on('message', (data: ArrayBuffer) => {
      const moved = structuredClone(data, { transfer: [data] });
      expect(data.byteLength).toBe(0);
      arrived.push(String(Buffer.from(moved)));
    });
    const read = new Promise<void>((resolve) => connection.on('ping', () => resolve()));
    push(binary('a'), binary('bc'), binary('def'), encodeFrame({ opcode: Opcode.PING, maskingKey: 0 }));
    await read;
    expect(arrived).toEqual(['a', 'bc', 'def']);
    connection.terminate();
  });

  test('fails the connection with 1011 if its memory is detached before the rest of its chunk is read', async () => {
    // Growing a WebAssembly memory detaches its buffer, and nothing can prevent that. The same is true of `ArrayBuffer.prototype.transfer()`,
    // which Node has from version 22 on.
    const memory = new Memory({ initial: 1 });
    const frames = Buffer.concat([text('a'), text('b')]);
    const chunk = Buffer.from(memory.buffer, 0, frames.length);
    chunk.set(frames);
    const [a, b] = duplexPair();
    const connection = attach(a, 'server');
    const answer = readBytes(b, 4);
    const arrived: string[] = [];
    connection.on('message', (data: Buffer) => {
      arrived.push(String(data));
      memory.grow(1);
    });
    const failed = once(connection, 'error') as Promise<[Error]>;
    b.write(chunk);
    expect((await failed)[0].message).toBe(
      'The memory of a chunk was detached while frames in it were unread',
    );
    expect(arrived).toEqual(['a']);
    expect((await answer).toString('hex')).toBe('880203f3');
    connection.terminate();
  });

  test.each<[BinaryType, (data: RawData) => unknown, unknown]>([
    ['nodebuffer', (data) => Buffer.isBuffer(data) && data.toString(), 'abcd'],
    ['arraybuffer', (data) => data instanceof ArrayBuffer && Buffer.from(data).toString(), 'abcd'],
    ['fragments', (data) => Array.isArray(data) && data.map(String), ['ab', 'cd']],
  ])('of bytes arrives as the type %s of binaryType', async (binaryType, look, expected) => {
    const pair = memoryPair();
    pair.server.binaryType = binaryType;
    const message = once(pair.server, 'message') as Promise<[RawData, boolean]>;
    pair.client.send(Buffer.from('ab'), { fin: false });
    pair.client.send(Buffer.from('cd'), { fin: true });
    const [data, isBinary] = await message;
    expect([look(data), isBinary]).toEqual([expected, true]);
    await end(pair);
  });

  test('of bytes arrives as a Blob with the binaryType blob', async () => {
    const pair = memoryPair();
    pair.server.binaryType = 'blob';
    const message = once(pair.server, 'message') as Promise<[Blob]>;
    pair.client.send(Buffer.from('abcd'));
    expect(await (await message)[0].text()).toBe('abcd');
    await end(pair);
  });

  test('of text arrives as a Buffer with every binaryType', async () => {
    for (const binaryType of ['nodebuffer', 'arraybuffer', 'fragments', 'blob'] as const) {
      const pair = memoryPair();
      pair.server.binaryType = binaryType;
      const message = once(pair.server, 'message');
      pair.client.send('text');
      expect(Buffer.isBuffer((await message)[0])).toBe(true);
      await end(pair);
    }
  });

  test('without bytes has no fragments with the binaryType fragments', async () => {
    const pair = memoryPair();
    pair.server.binaryType = 'fragments';
    const message = once(pair.server, 'message');
    pair.client.send(Buffer.alloc(0));
    expect((await message)[0]).toEqual([]);
    await end(pair);
  });

  test('an unknown binaryType is ignored', () => {
    const connection = new WebSocketConnection();
    connection.binaryType = 'text' as BinaryType;
    expect(connection.binaryType).toBe('nodebuffer');
  });

  test('of more than 100 MiB is rejected by default, and accepted with maxPayload 0', async () => {
    const header = hex('82 ff 0000000006400001 00000000');
    const refused = feed();
    const error = once(refused.connection, 'error');
    refused.push(header);
    expect(((await error) as [{ code: string }])[0].code).toBe('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    const taken = feed({ maxPayload: 0 });
    taken.connection.on('error', (error) => expect.unreachable(error.message));
    taken.push(header, Buffer.from('x'));
    taken.connection.terminate();
    await closeOf(taken.connection);
  });

  test('that arrived with the handshake, in its head, is emitted', async () => {
    const [a] = duplexPair();
    const connection = new WebSocketConnection();
    const received = collect(connection);
    connection.setSocket(a, Buffer.from(text('early')), { role: 'server' });
    expect(await received.until(1)).toEqual(['early']);
    connection.terminate();
    await closeOf(connection);
  });

  test('must be masked if no role was passed: the default is server', async () => {
    const [a, b] = duplexPair();
    const server = new WebSocketConnection();
    server.setSocket(a, Buffer.alloc(0), {});
    const client = new WebSocketConnection();
    client.setSocket(b, Buffer.alloc(0), { role: 'client' });
    const received = collect(server);
    client.send('x');
    expect(await received.until(1)).toEqual(['x']);
    for (const connection of [client, server]) {
      connection.terminate();
      await closeOf(connection);
    }
  });

  test('in 16,385 fragments is accepted by default, and rejected above maxFragments (1008)', async () => {
    const fragments = (count: number): Uint8Array[] =>
      Array.from({ length: count }, (_, i) =>
        encodeFrame({
          opcode: i === 0 ? Opcode.TEXT : Opcode.CONTINUATION,
          fin: i === count - 1,
          payload: hex('61'),
          maskingKey: 0,
        }),
      );
    const taken = feed();
    const message = once(taken.connection, 'message');
    taken.push(...fragments(16_385));
    expect((await message)[0]).toHaveLength(16_385);
    const refused = feed({ maxFragments: 3 });
    const error = once(refused.connection, 'error');
    refused.push(...fragments(3), ...fragments(4));
    expect((await error)[0]).toMatchObject({ code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS', closeCode: 1008 });
    taken.connection.terminate();
    refused.connection.terminate();
  });

  test('in more than 16,384 fragments is rejected while fragments are kept, unless maxFragments allows more', async () => {
    const { connection, push } = feed();
    connection.binaryType = 'fragments';
    const error = once(connection, 'error');
    push(
      ...Array.from({ length: 16_385 }, (_, i) =>
        encodeFrame({ opcode: i === 0 ? Opcode.BINARY : Opcode.CONTINUATION, fin: false, maskingKey: 0 }),
      ),
    );
    expect((await error)[0]).toMatchObject({ code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS' });
    connection.terminate();
  });

  test('of text that is not UTF-8 is accepted with skipUTF8Validation', async () => {
    const { connection, push } = feed({ skipUTF8Validation: true });
    const message = once(connection, 'message');
    push(hex('81 81 00000000 ff'));
    expect((await message)[0]).toEqual(hex('ff'));
    connection.terminate();
  });
});

describe('pausing', () => {
  test('loses nothing that arrived before the end, in any number of chunks', async () => {
    const [socket, peer] = duplexPair();
    const connection = attach(socket, 'server');
    const { messages } = collect(connection);
    connection.pause();
    const chunks = ['one', 'two', 'three'].map(text);
    for (const chunk of chunks) peer.write(chunk);
    const all = chunks.reduce((sum, { length }) => sum + length, 0);
    while (socket.readableLength < all) await new Promise((resolve) => setImmediate(resolve));
    const closed = once(connection, 'close');
    socket.destroy();
    await closed;
    expect(messages).toEqual(['one', 'two', 'three']);
  });

  test('delays messages until resume(), including those of the current chunk, and loses or reorders none', async () => {
    const pair = await tcpPair();
    const received: string[] = [];
    pair.server.on('message', (data) => {
      received.push(textOf(data));
      if (received.length === 2) pair.server.pause();
    });
    for (let i = 0; i < 5; i++) pair.client.send(String(i));
    await vi.waitFor(() => {
      expect(pair.server.isPaused).toBe(true);
    });
    const pong = once(pair.client, 'pong');
    pair.client.ping();
    await new Promise(setImmediate);
    expect(received).toEqual(['0', '1']);
    pair.server.resume();
    await pong;
    expect(received).toEqual(['0', '1', '2', '3', '4']);
    await end(pair);
  });

  test('keeps messages until resume(), even if the peer has ended its side', async () => {
    const { connection, peer } = await rawPair('server');
    const received = collect(connection);
    connection.pause();
    peer.write(text('held'));
    await vi.waitFor(() => {
      expect(peer.bytesWritten).toBeGreaterThan(0);
    });
    const closed = closeOf(connection);
    peer.resume().end();
    await once(peer, 'finish');
    connection.resume();
    await closed;
    expect(received.messages).toEqual(['held']);
  });

  test('in the middle of a chunk does not keep the rest from being emitted before close, when the socket is destroyed', async () => {
    const { connection, push } = feed();
    const story: string[] = [];
    connection.on('message', (data) => {
      story.push(textOf(data));
      connection.pause();
      connection.terminate();
    });
    connection.on('close', () => story.push('close'));
    const closed = closeOf(connection);
    push(text('a'), text('b'));
    await closed;
    expect(story).toEqual(['a', 'b', 'close']);
  });

  test('delays the event that was waiting for its turn', async () => {
    const { connection, push } = feed({ allowSynchronousEvents: false });
    const received: string[] = [];
    connection.on('message', (data) => {
      received.push(textOf(data));
      connection.pause();
    });
    push(text('a'), text('b'));
    await once(connection, 'message');
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect(received).toEqual(['a']);
    connection.resume();
    await once(connection, 'message');
    expect(received).toEqual(['a', 'b']);
    connection.terminate();
    await closeOf(connection);
  });

  test('in a listener that throws is ended by resume()', async () => {
    const { connection, peer } = await rawPair('server');
    const received: string[] = [];
    connection.on('message', (data) => {
      received.push(textOf(data));
      if (received.length > 1) return;
      connection.pause();
      throw new Error('mine');
    });
    await uncaughtIn(async () => {
      peer.write(Buffer.concat([text('a'), text('b')]));
      await vi.waitFor(() => {
        expect(received).toEqual(['a']);
      });
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    });
    connection.resume();
    await once(connection, 'message');
    peer.write(text('c'));
    await once(connection, 'message');
    expect(received).toEqual(['a', 'b', 'c']);
    connection.terminate();
    await closeOf(connection);
    peer.destroy();
  });

  test('before the connection is open ends with resume(), and after its end does nothing', async () => {
    const connection = new WebSocketConnection();
    connection.pause();
    connection.resume();
    expect(connection.isPaused).toBe(false);
    const pair = memoryPair();
    await end(pair);
    pair.client.pause();
    expect(pair.client.isPaused).toBe(false);
  });
});

describe('with allowSynchronousEvents false', () => {
  test('one message, ping or pong is emitted in each turn of the event loop', async () => {
    const { connection, push } = feed({ allowSynchronousEvents: false });
    const story: string[] = [];
    const log = (name: string) => (): void => {
      story.push(name);
      // In the same turn, but after everything synchronous.
      process.nextTick(() => story.push('tick'));
    };
    connection.on('message', log('message')).on('ping', log('ping')).on('pong', log('pong'));
    const pong = once(connection, 'pong');
    push(text('a'), hex('89 80 00000000'), text('b'), hex('8a 80 00000000'));
    await pong;
    await new Promise(process.nextTick);
    expect(story).toEqual(['message', 'tick', 'ping', 'tick', 'message', 'tick', 'pong', 'tick']);
    connection.terminate();
  });

  test('everything that arrived before the end is emitted before close', async () => {
    const { connection, peer } = await rawPair('server', { allowSynchronousEvents: false });
    const received = collect(connection);
    const closed = closeOf(connection);
    peer.resume().end(Buffer.concat(['a', 'b', 'c'].map(text)));
    expect((await closed)[0]).toBe(1006);
    expect(received.messages).toEqual(['a', 'b', 'c']);
  });

  test('all messages of a peer that keeps sending are emitted in order', async () => {
    const pair = await tcpPair({ server: { allowSynchronousEvents: false } });
    const received = collect(pair.server);
    for (let i = 0; i < 300; i++) pair.client.send(String(i).padEnd(2000));
    await received.until(300);
    expect(received.messages.map(Number)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    await end(pair);
  });
});

describe('a listener that throws', () => {
  test('loses nothing: later messages are emitted, and what was sent is written', async () => {
    const { connection, peer } = await rawPair('server');
    const received: string[] = [];
    connection.on('message', (data) => {
      received.push(textOf(data));
      connection.send(data);
      if (received.length === 1) throw new Error('mine');
    });
    const errors = await uncaughtIn(async () => {
      peer.write(Buffer.concat([text('a'), text('b')]));
      expect(await readBytes(peer, 6)).toEqual(hex('82 01 61 82 01 62'));
    });
    expect(errors).toEqual(['Error: mine']);
    expect(received).toEqual(['a', 'b']);
    connection.terminate();
    peer.destroy();
  });
});

test('a socket that fails ends the connection with 1006, without an error event', async () => {
  const { connection, socket } = await rawPair('client');
  connection.on('error', (error) => expect.unreachable(error.message));
  const closed = closeOf(connection);
  socket.destroy(new Error('ECONNRESET'));
  expect((await closed)[0]).toBe(1006);
});

test('a property of a subclass named binaryType does not change how messages are delivered', async () => {
  const [peer, socket] = await socketPair();
  const ws = new WebSocketConnection();
  // Like a field of a subclass in JavaScript. TypeScript would reject such a field.
  Object.defineProperty(ws, 'binaryType', { value: 'fragments' });
  const message = once(ws, 'message');
  ws.setSocket(socket, Buffer.alloc(0), { role: 'server' });
  peer.write(hex('8281 00000000 61'));
  expect((await message)[0]).toEqual(Buffer.from('a'));
  ws.terminate();
  await closeOf(ws);
  peer.destroy();
});
