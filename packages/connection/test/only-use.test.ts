// Which chunks of a stream are used by the connection alone, so that their memory may be freed early.
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { encodeFrame, Opcode } from '@framewire/codec';
import { describe, expect, test } from 'vitest';
import { isOnlyUse } from '../src/receiving/only-use.ts';
import { rawPair, socketPair } from './support/pairs.ts';

describe('a chunk', () => {
  const chunk = Buffer.allocUnsafeSlow(65_536);

  test('of a socket with one listener is used by the connection alone', async () => {
    const [socket, other] = await socketPair();
    socket.on('data', () => undefined);
    expect(isOnlyUse(socket, chunk)).toBe(true);
    socket.destroy();
    other.destroy();
  });

  test.each<[string, (socket: Duplex) => unknown]>([
    ['has another listener', (socket) => socket.on('data', () => undefined)],
    ['has a reader', (socket) => socket.on('readable', () => undefined)],
    ['is piped to another stream', (socket) => socket.pipe(new Duplex())],
    ['has another emit()', (socket) => Object.assign(socket, { emit: () => true })],
    ['has another push()', (socket) => Object.assign(socket, { push: () => true })],
    ['has another read()', (socket) => Object.assign(socket, { read: () => null })],
  ])('of a socket that %s may be used elsewhere', async (_, change) => {
    const [socket, other] = await socketPair();
    socket.on('data', () => undefined);
    change(socket);
    expect(isOnlyUse(socket, chunk)).toBe(false);
    socket.destroy();
    other.destroy();
  });

  test('that is short, or a part of its memory, or of another stream may be used elsewhere', async () => {
    const [socket, other] = await socketPair();
    socket.on('data', () => undefined);
    expect(isOnlyUse(socket, Buffer.allocUnsafeSlow(100))).toBe(false);
    expect(isOnlyUse(socket, chunk.subarray(0, 60_000))).toBe(false);
    const stream = new Duplex({ read() {} }).on('data', () => undefined);
    expect(isOnlyUse(stream, chunk)).toBe(false);
    socket.destroy();
    other.destroy();
  });
});

test('a program that listens to the socket too keeps the chunks of a long message', async () => {
  const { connection, peer, socket } = await rawPair('server');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const message = once(connection, 'message') as Promise<[Buffer]>;
  const payload = Buffer.alloc(1 << 20, 'abc');
  const wire = encodeFrame({ opcode: Opcode.BINARY, payload, maskingKey: 0x1234_5678 });
  peer.write(wire);
  expect((await message)[0].equals(payload)).toBe(true);
  expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(wire.length);
  connection.terminate();
  peer.destroy();
});

test('long messages of many sizes arrive unchanged while their chunks are freed', async () => {
  const { connection, peer } = await rawPair('server');
  const sizes = [4096, 65_535, 65_536, 65_537, 200_000, 3_000_000];
  const sent = sizes.map((size, index) => Buffer.alloc(size, `${index} of many, `));
  const arrived: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    connection.on('message', (data: Buffer) => {
      arrived.push(data);
      if (arrived.length === sent.length) resolve();
    });
  });
  for (const payload of sent)
    peer.write(encodeFrame({ opcode: Opcode.BINARY, payload, maskingKey: 0x0102_0304 }));
  await all;
  expect(arrived.map((data, index) => data.equals(sent[index]!))).toEqual(sizes.map(() => true));
  connection.terminate();
  peer.destroy();
});
