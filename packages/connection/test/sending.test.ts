import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { duplexPair, Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { readBytes } from '@framewire/testing';
import type { WebSocketConnection } from '@framewire/connection';
import {
  attach,
  closeOf,
  collect,
  distractedMaskMaker,
  end,
  hex,
  memoryPair,
  rawPair,
  readAll,
  tcpPair,
  textOf,
  uncaughtIn,
} from './support/pairs.ts';

describe('a send', () => {
  test.each([
    ['a string', 'héllo', 'héllo', false],
    ['an empty string', '', '', false],
    ['a number, as text', 12.5, '12.5', false],
    ['a Buffer', Buffer.from('bytes'), 'bytes', true],
    ['an ArrayBuffer', new TextEncoder().encode('bytes').buffer, 'bytes', true],
    ['a view with an offset', new Uint8Array(Buffer.from('..bytes..')).subarray(2, 7), 'bytes', true],
    ['a DataView', new DataView(new TextEncoder().encode('bytes').buffer, 1, 3), 'yte', true],
    ['a view of wider elements', new Uint16Array([0x6261, 0x6463]), 'abcd', true],
    ['an array of bytes', [0x61, 0x62], 'ab', true],
    ['a Blob', new Blob(['blob']), 'blob', true],
    ['nothing', undefined, '', true],
  ])('of %s arrives', async (_what, data, expected, binary) => {
    const pair = memoryPair();
    const message = once(pair.server, 'message');
    pair.client.send(data as string);
    const [received, isBinary] = (await message) as [Buffer, boolean];
    expect([String(received), isBinary]).toEqual([expected, binary]);
    await end(pair);
  });

  test('with the option binary sends text as binary data, and bytes as text', async () => {
    const pair = memoryPair();
    const kinds: boolean[] = [];
    pair.server.on('message', (_data, isBinary) => kinds.push(isBinary));
    pair.client.send('a', { binary: true });
    pair.client.send(Buffer.from('b'), { binary: false });
    await collect(pair.server).until(2);
    expect(kinds).toEqual([true, false]);
    await end(pair);
  });

  test('of other data throws a TypeError and sends nothing', async () => {
    const pair = memoryPair();
    const received = collect(pair.server);
    expect(() => {
      pair.client.send(true as never);
    }).toThrow(TypeError);
    pair.client.send('next');
    expect(await received.until(1)).toEqual(['next']);
    await end(pair);
  });

  test('copies its bytes, so that the caller may change them afterwards', async () => {
    const pair = await tcpPair();
    const message = once(pair.server, 'message');
    const bytes = Buffer.from('before');
    pair.client.send(bytes);
    bytes.fill('x');
    expect(String((await message)[0])).toBe('before');
    await end(pair);
  });

  test('in fragments arrives as one message, with a ping in between (§5.4)', async () => {
    const pair = memoryPair();
    const story: string[] = [];
    pair.server.on('ping', (data) => story.push(`ping ${textOf(data)}`));
    pair.server.on('message', (data, isBinary) => story.push(`${textOf(data)} ${String(isBinary)}`));
    pair.client.send('one ', { fin: false });
    pair.client.ping('between');
    pair.client.send('two ', { fin: false });
    pair.client.send('three');
    await once(pair.server, 'message');
    expect(story).toEqual(['ping between', 'one two three false']);
    await end(pair);
  });

  test.each([
    ['in the slab', 10],
    ['as a frame of its own', 100_000],
  ])('of a client is masked with the keys of generateMask, %s (§5.3)', async (_where, size) => {
    const generateMask = vi.fn((mask: Buffer) => {
      mask.set([1, 2, 3, 4]);
    });
    const { connection, peer } = await rawPair('client', { generateMask });
    connection.send(Buffer.alloc(size));
    const header = size < 126 ? 2 : 10;
    const frame = await readBytes(peer, header + 8);
    expect(frame[1]! & 0x80).toBe(0x80);
    expect(frame.subarray(header)).toEqual(hex('01020304 01020304'));
    expect(generateMask).toHaveBeenCalledOnce();
    connection.terminate();
    await closeOf(connection);
  });

  test('is sent whole if generateMask sends something', async () => {
    const { connection, peer } = await rawPair('client', {
      generateMask: distractedMaskMaker(() => connection.send('in')),
    });
    connection.send('out');
    expect(await readBytes(peer, 17)).toEqual(hex('81 82 00000000 696e 81 83 00000000 6f7574'));
    connection.terminate();
    await closeOf(connection);
  });

  test.each([
    ['text', 'a'.repeat(5000)],
    ['text that is not ASCII', 'é'.repeat(3000)],
    ['text too long for the slab', 'ü'.repeat(20_000)],
    ['text of three bytes per character, at the edge of the slab', '€'.repeat(5461)],
    ['bytes', Buffer.alloc(16 * 1024, 1)],
    ['bytes too long for the slab', Buffer.alloc(16 * 1024 + 1, 2)],
  ])('of a long message arrives whole from either end: %s', async (_what, data) => {
    const pair = await tcpPair();
    for (const [from, to] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      const message = once(to, 'message');
      from.send(data);
      expect(Buffer.from(data as string).equals((await message)[0] as Buffer)).toBe(true);
    }
    await end(pair);
  });

  test('calls its callback once, in send order', async () => {
    const pair = await tcpPair();
    const called: string[] = [];
    const done = (name: string) => (error?: Error | null) => called.push(error ? `${name} failed` : name);
    pair.client.send('a', done('a'));
    pair.client.send(new Blob(['b']), done('b'));
    pair.client.ping('c', undefined, done('c'));
    pair.client.send(Buffer.alloc(100_000), done('d'));
    pair.client.send('e', {}, done('e'));
    await collect(pair.server).until(4);
    await vi.waitFor(() => {
      expect(called).toEqual(['a', 'b', 'c', 'd', 'e']);
    });
    await end(pair);
  });

  test('still calls other callbacks after one has thrown', async () => {
    const [a, b] = duplexPair();
    const connection = attach(a, 'server');
    b.resume();
    const errors = await uncaughtIn(async () => {
      connection.send('1', () => {
        throw new Error('mine');
      });
      await new Promise<void>((resolve) => {
        connection.send('2', () => {
          resolve();
        });
      });
    });
    expect(errors).toEqual(['Error: mine']);
    connection.terminate();
    await closeOf(connection);
  });

  test('throws while connecting, and after the end calls the callback with an error', async () => {
    const { WebSocketConnection } = await import('@framewire/connection');
    expect(() => {
      new WebSocketConnection().send('early');
    }).toThrow('WebSocket is not open: readyState 0 (CONNECTING)');
    const pair = memoryPair();
    await end(pair);
    const error = await new Promise((resolve) => {
      pair.client.send('late', resolve);
    });
    expect(String(error)).toBe('Error: WebSocket is not open: readyState 3 (CLOSED)');
    expect(pair.client.bufferedAmount).toBe(4);
  });
});

describe('control frames', () => {
  test.each(['ping', 'pong'] as const)('of type %s have payloads of up to 125 bytes', async (kind) => {
    const pair = memoryPair({ autoPong: false });
    const event = once(pair.server, kind);
    pair.client[kind](Buffer.alloc(125, 7));
    expect(((await event) as [Buffer])[0].equals(Buffer.alloc(125, 7))).toBe(true);
    expect(() => {
      pair.client[kind](Buffer.alloc(126));
    }).toThrow(RangeError);
    await end(pair);
  });

  test('contain exactly the text, number or blob that was passed', async () => {
    const pair = memoryPair();
    const pings: string[] = [];
    pair.server.on('ping', (data) => pings.push(textOf(data)));
    pair.client.ping();
    pair.client.ping('text');
    pair.client.ping(100);
    pair.client.ping(new Blob(['blob']));
    pair.client.ping('after');
    await vi.waitFor(() => {
      expect(pings).toEqual(['', 'text', '100', 'blob', 'after']);
    });
    await end(pair);
  });

  test('a ping is answered with its payload (§5.5.2), unless autoPong is false', async () => {
    const pair = memoryPair({ client: { autoPong: false } });
    const pongs: string[] = [];
    pair.client.on('pong', (data) => pongs.push(`client ${textOf(data)}`));
    pair.server.on('pong', (data) => pongs.push(`server ${textOf(data)}`));
    pair.server.ping('unanswered');
    pair.client.ping('answered');
    await once(pair.client, 'pong');
    expect(pongs).toEqual(['client answered']);
    await end(pair);
  });

  test('too many automatic pongs that the peer does not read end the connection', async () => {
    const { connection, peer } = await rawPair('server', { maxPendingAutoPongs: 3 });
    const closed = closeOf(connection);
    const pings = vi.fn();
    connection.on('ping', pings);
    // Four in one TCP segment, so that no pong has been written when the fourth is read.
    peer.write(Buffer.concat(Array.from({ length: 4 }, () => hex('89 80 00000000'))));
    expect((await closed)[0]).toBe(1006);
    expect(pings).toHaveBeenCalledTimes(4);
    peer.destroy();
  });

  test.each([
    { title: 'passes its callback on may answer any number of pings', passesOn: true },
    { title: 'drops its callback counts as waiting indefinitely', passesOn: false },
  ])('an overridden pong() that $title', async ({ passesOn }) => {
    const { connection, peer } = await rawPair('server', { maxPendingAutoPongs: 3 });
    const pong = connection.pong.bind(connection) as (...args: unknown[]) => void;
    let answered = 0;
    connection.pong = (data?: unknown, mask?: unknown, callback?: unknown): void => {
      answered++;
      pong(data, mask, passesOn ? callback : undefined);
    };
    const closed = closeOf(connection);
    const pongs = peer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    // One at a time: each pong is read before the next ping.
    for (let count = 0; count < 3; count++) {
      peer.write(hex('89 80 00000000'));
      expect(((await pongs.next()) as { value: Buffer }).value.toString('hex')).toBe('8a00');
    }
    peer.write(hex('89 80 00000000'));
    if (passesOn) expect(((await pongs.next()) as { value: Buffer }).value.toString('hex')).toBe('8a00');
    else expect((await closed)[0]).toBe(1006);
    expect(answered).toBe(passesOn ? 4 : 3);
    peer.destroy();
    connection.terminate();
    await closed;
  });
});

describe('bufferedAmount', () => {
  test('counts what the kernel has not accepted, framing included, and is 0 afterwards', async () => {
    const pair = await tcpPair();
    pair.server.pause();
    pair.client.send('x');
    expect(pair.client.bufferedAmount).toBe(0);
    const message = Buffer.alloc(64 * 1024 * 1024);
    pair.client.send(message);
    expect(pair.client.bufferedAmount).toBeGreaterThan(message.length);
    pair.server.resume();
    const received = new Promise((resolve) => {
      pair.client.send('last', resolve);
    });
    await received;
    expect(pair.client.bufferedAmount).toBe(0);
    await end(pair);
  });

  test('counts what waits after a blob', async () => {
    const pair = memoryPair();
    pair.client.send(new Blob(['12345']));
    pair.client.send('678');
    expect(pair.client.bufferedAmount).toBe(8);
    await collect(pair.server).until(2);
    expect(pair.client.bufferedAmount).toBe(0);
    await end(pair);
  });
});

describe('what is sent in one turn', () => {
  /** Counts the writes to a stream. */
  function countingStream(): { stream: Duplex; writes: Buffer[] } {
    const writes: Buffer[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        writes.push(Buffer.from(chunk));
        done();
      },
    });
    return { stream, writes };
  }

  test('is one write, at the end of the tick', async () => {
    const { stream, writes } = countingStream();
    const connection = attach(stream, 'server');
    for (let i = 0; i < 100; i++) connection.send('x');
    expect(writes).toHaveLength(0);
    await new Promise(process.nextTick);
    expect(writes.map((bytes) => bytes.length)).toEqual([300]);
    connection.terminate();
  });

  test('is written when the chunk that it answers has been handled', async () => {
    const { stream, writes } = countingStream();
    const connection = attach(stream, 'server');
    connection.on('message', (data) => {
      connection.send(data);
      connection.send(data);
    });
    stream.push(Buffer.concat([hex('81 81 00000000 61'), hex('81 81 00000000 62')]));
    await once(stream, 'data');
    expect(writes).toEqual([hex('820161 820161 820162 820162')]);
    connection.terminate();
  });

  test('is written before terminate() destroys the socket', async () => {
    const { connection, peer } = await rawPair('server');
    connection.send('bye');
    connection.terminate();
    expect(await readAll(peer)).toEqual(hex('81 03 627965'));
    peer.destroy();
  });

  // The child runs the built package: Node 20 cannot run the sources.
  test('is written before process.exit() ends the process', async () => {
    const script = `
      import { connect } from 'node:net';
      import { WebSocketConnection } from '@framewire/connection';
      const socket = connect({ port: Number(process.argv[1]), host: '127.0.0.1' }, () => {
        const connection = new WebSocketConnection();
        connection.setSocket(socket, Buffer.alloc(0), { role: 'server' });
        connection.send('bye');
        process.exit(0);
      });`;
    expect(await receivedFrom(script)).toEqual(hex('81 03 627965'));
  });

  test('on several connections alternately arrives at each in order', async () => {
    const pairs = await Promise.all([tcpPair(), tcpPair(), tcpPair()]);
    const received = pairs.map(({ client }) => collect(client));
    for (let i = 0; i < 500; i++)
      for (const { server } of pairs) server.send(`${String(i)} ${'x'.repeat(i)}`);
    for (const { until } of received) {
      const messages = await until(500);
      expect(messages).toEqual(Array.from({ length: 500 }, (_, i) => `${String(i)} ${'x'.repeat(i)}`));
    }
    await Promise.all(pairs.map(end));
  });

  test('on a stream that throws ends its connection, calls the callback with the error, and does not affect other connections', async () => {
    const broken = attach(new Duplex({ read: () => undefined }), 'server');
    const { stream, writes } = countingStream();
    const sound = attach(stream, 'server');
    const outcome = new Promise((resolve) => {
      broken.send('lost', resolve);
    });
    sound.send('kept');
    const closed = closeOf(broken);
    expect(String(await outcome)).toContain('The _write() method is not implemented');
    expect((await closed)[0]).toBe(1006);
    expect(writes).toEqual([hex('81 04 6b657074')]);
    sound.terminate();
  });

  // The child runs the built package: Node 20 cannot run the sources.
  test('is written when a listener of exit has sent it', async () => {
    const script = `
      import { connect } from 'node:net';
      import { WebSocketConnection } from '@framewire/connection';
      const socket = connect({ port: Number(process.argv[1]), host: '127.0.0.1' }, () => {
        const connection = new WebSocketConnection();
        connection.setSocket(socket, Buffer.alloc(0), { role: 'server' });
        connection.send('1');
        process.on('exit', () => connection.send('2'));
        process.exit(0);
      });`;
    expect(await receivedFrom(script)).toEqual(hex('81 01 31 81 01 32'));
  });
});

/** Runs a script that connects to the port in its first argument. Returns what it sends. */
async function receivedFrom(script: string): Promise<Buffer> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const { port } = listener.address() as AddressInfo;
  const exited = promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, String(port)],
    { cwd: import.meta.dirname },
  );
  const [socket] = await accepted;
  const received = await readAll(socket);
  await exited;
  listener.close();
  return received;
}

test('a connection on a stream that cannot write closes, and calls its callback with an error', async () => {
  const stream = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, done) {
      done(new Error('broken pipe'));
    },
  });
  const connection: WebSocketConnection = attach(stream, 'client');
  const outcome = new Promise((resolve) => {
    connection.send('x', resolve);
  });
  const closed = closeOf(connection);
  expect(String(await outcome)).toBe('Error: broken pipe');
  expect((await closed)[0]).toBe(1006);
});
