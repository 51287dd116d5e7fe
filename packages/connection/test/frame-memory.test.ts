// The memory that frames are written into. It is reused, does not keep old data alive, and never shows one peer the data of another.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { FrameDecoder, MessageAssembler, isControl } from '@framewire/codec';
import { collectGarbage, readBytes, testCertificate } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { PreparedMessage } from '@framewire/connection';
import { Inverting } from './support/inverting.ts';
import { attach, closeOf, end, rawPair, socketPair, tcpPair, type Pair } from './support/pairs.ts';

/** In bytes. The collector frees memory on a thread of its own, so the figure falls with a delay. */
function heldMemory(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** The two ends of a TLS connection. */
async function tlsPair(key: string, cert: string): Promise<[Socket, Socket]> {
  const [near, far] = await socketPair();
  const server = new TLSSocket(far, { isServer: true, key, cert });
  const client = connectTls({ socket: near, rejectUnauthorized: false });
  await once(client, 'secureConnect');
  return [client, server];
}

/** Replaces `write()` of a socket: the new one keeps the bytes until the next turn. */
function keepingBytes(socket: Socket): Socket {
  const write = socket.write.bind(socket);
  socket.write = (chunk: Buffer) => {
    setImmediate(() => write(chunk));
    return true;
  };
  return socket;
}

describe('memory', () => {
  test('of an unread message does not keep the rest of the slab alive', async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => tcpPair()));
    const [slow, ...fast] = pairs as [Pair, ...Pair[]];
    slow.client.pause();
    for (const { client } of fast) client.on('message', () => undefined);
    // Fill the buffers of the kernel first.
    slow.server.send(Buffer.alloc(16 << 20));
    const before = heldMemory();
    for (let round = 0; round < 500; round++) {
      // Different texts, because equal ones are encoded once, outside of the slab.
      for (const [index, { server }] of pairs.entries())
        server.send(String.fromCharCode(97 + index).repeat(3_000));
      await new Promise(setImmediate);
    }
    // 1.5 MB are unread. If each message kept its slab alive, it would be 32 MB.
    await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(8 << 20);
    await Promise.all(pairs.map(end));
  });

  test('of a prepared message that several connections have sent is freed', async () => {
    const pairs = await Promise.all(Array.from({ length: 3 }, () => tcpPair()));
    const before = heldMemory();
    for (let round = 0; round < 16; round++) {
      const arrived = pairs.map(({ client }) => once(client, 'message'));
      const message = new PreparedMessage(Buffer.alloc(1 << 20, round));
      for (const { server } of pairs) server.send(message);
      await Promise.all(arrived);
    }
    await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(8 << 20);
    await Promise.all(pairs.map(end));
  });

  test('of an unread long text is at most twice its size, even if longer texts were sent before', async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => tcpPair()));
    const [fast, ...slow] = pairs as [Pair, ...Pair[]];
    for (const { client } of slow) client.pause();
    const text = 'x'.repeat(17_000);
    const before = heldMemory();
    for (const { server } of slow) {
      const arrived = once(fast.client, 'message');
      // So that the next text needs memory of a different size.
      fast.server.send('y'.repeat(2_000_000));
      await arrived;
      while (server.bufferedAmount === 0) server.send(text);
    }
    // 19 texts of 17 kB wait, and 2 MiB are pooled. If each kept a pooled buffer, it would be 40 MiB.
    await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(8 << 20);
    await Promise.all(pairs.map(end));
  });
});

test('data that the kernel has accepted only partly is not overwritten', async () => {
  const [slow, other] = [await rawPair('server'), await rawPair('server')];
  other.peer.resume();
  const size = 16_000;
  let sent = 0;
  while (slow.socket.writableLength === 0 && sent < 10_000) {
    slow.connection.send(Buffer.alloc(size, sent++));
    await new Promise(setImmediate);
  }
  // More than the slab has room for.
  for (let i = 0; i < 50; i++) {
    other.connection.send(Buffer.alloc(size, 'other'));
    await new Promise(setImmediate);
  }
  const bytes = await readBytes(slow.peer, sent * (4 + size));
  const frames = Array.from({ length: sent }, (_, i) =>
    bytes.subarray(i * (4 + size) + 4, (i + 1) * (4 + size)),
  );
  expect(frames.findIndex((frame, i) => !frame.equals(Buffer.alloc(size, i)))).toBe(-1);
  for (const { connection, peer } of [slow, other]) {
    connection.terminate();
    peer.destroy();
    await closeOf(connection);
  }
});

test('the memory of messages that had to wait is freed after they are sent, even if others still wait', async () => {
  const { client, server } = await tcpPair({
    client: { extension: new Inverting() },
    server: { extension: new Inverting() },
  });
  const before = heldMemory();
  const closed = once(server, 'close');
  const last = new Promise<void>((resolve) => {
    server.on('message', (data: Buffer) => {
      if (data.toString('latin1', 0, 4) === 'Last') resolve();
    });
  });
  const size = 200_000;
  // The extension takes a turn for a message that starts with a capital letter.
  for (let i = 0; i < 60; i++) client.send(Buffer.alloc(size, 'A'));
  client.send(Buffer.from('Last'));
  const unread = new Blob(['x']);
  unread.arrayBuffer = () => new Promise(() => undefined);
  client.send(unread);
  await last;
  await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(10 * size);
  client.terminate();
  await closed;
});

describe.each(['server', 'client'] as const)('no %s receives the bytes of another', (role) => {
  /**
   * Each connection sends messages that contain its name. Some readers are slow, so the memory of sent frames is reused for some
   * connections and must not be reused for others.
   */
  async function exchange(makePair: (index: number) => Promise<[Duplex, Duplex]>): Promise<void> {
    const count = 8;
    const rounds = 200;
    const messages = rounds * SIZES.length + (2 * rounds) / LONG_EVERY;
    const ends = await Promise.all(Array.from({ length: count }, (_, i) => makePair(i)));
    let written!: () => void;
    const allWritten = new Promise<void>((resolve) => (written = resolve));
    // Every third reader starts when everything has been written: the buffers of the kernel fill up, and writes stay unfinished.
    const readers = ends.map(async ([near], index) => {
      if (index % 3 === 0) await allWritten;
      await reader(near, index, messages);
    });
    const connections = ends.map(([, far]) => attach(far, role));
    for (let round = 0; round < rounds; round++) {
      for (const [index, connection] of connections.entries()) {
        for (const size of SIZES) connection.send(payload(index, size));
        if (round % LONG_EVERY > 0) continue;
        // Too long for the slab. Text is encoded, and data of a client is masked, in memory of the pool.
        connection.send(payload(index, LONG));
        connection.send(payload(index, LONG).toString());
      }
      await new Promise(setImmediate);
    }
    written();
    await Promise.all(readers);
    for (const connection of connections) connection.terminate();
  }

  const SIZES = [1, 200, 4000, 15_000];
  const LONG = 40_000;
  const LONG_EVERY = 4;

  function payload(index: number, size: number): Buffer {
    return Buffer.alloc(size, 65 + index);
  }

  async function reader(stream: Duplex, index: number, expected: number): Promise<void> {
    const decoder = new FrameDecoder({ role: role === 'server' ? 'client' : 'server' });
    const assembler = new MessageAssembler();
    let received = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      decoder.push(Buffer.from(chunk));
      for (let frame; (frame = decoder.next()) !== undefined;) {
        const data = isControl(frame.opcode) ? undefined : assembler.add(frame)?.data;
        // `expect` would take most of the time of the test.
        if (data === undefined || !payload(index, data.length).equals(data)) {
          expect.fail(`connection ${index} received another frame than it was sent`);
        }
        received++;
      }
      if (received === expected) break;
    }
    expect(received).toBe(expected);
  }

  test('over TCP, with slow readers and unfinished writes', async () => {
    await exchange(async () => socketPair());
  });

  test('over TLS, which may read the bytes later', async () => {
    const { key, cert } = await testCertificate();
    await exchange(() => tlsPair(key, cert));
  });

  test('over streams in memory, which pass the same memory on', async () => {
    await exchange(() => Promise.resolve(duplexPair()));
  });

  test('over a socket whose write() was replaced and keeps the bytes', async () => {
    await exchange(async () => {
      const [near, far] = await socketPair();
      return [near, keepingBytes(far)];
    });
  });
});

test.each(['TCP', 'TLS'])(
  'a long payload may change after send(), over %s with a write() that keeps the bytes',
  async (transport) => {
    const { key, cert } = await testCertificate();
    const [near, far] = transport === 'TLS' ? await tlsPair(key, cert) : await socketPair();
    const client = attach(near, 'client');
    const server = attach(keepingBytes(far), 'server');
    const payload = Buffer.alloc(40_000, 'a');
    const message = once(client, 'message') as Promise<[Buffer]>;
    server.send(payload);
    payload.fill('b');
    expect((await message)[0].equals(Buffer.alloc(40_000, 'a'))).toBe(true);
    await end({ client, server });
  },
);
