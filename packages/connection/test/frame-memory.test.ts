// The memory that frames are made in: it is used again, holds nothing for long, and nobody reads in it what is not his.
import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { FrameDecoder, MessageAssembler, isControl } from '@framewire/codec';
import { collectGarbage, readBytes, testCertificate } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { Inverting } from './support/inverting.ts';
import { attach, closeOf, end, rawPair, socketPair, tcpPair, type Pair } from './support/pairs.ts';

/** Bytes. The collector gives memory back on a thread of its own, so that it may be a moment before all of it is counted off. */
function heldMemory(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('memory', () => {
  test('of a message that is not read is its own: what lies beside it in the slab is let go', async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => tcpPair()));
    const [slow, ...fast] = pairs as [Pair, ...Pair[]];
    slow.client.pause();
    for (const { client } of fast) client.on('message', () => undefined);
    // The kernel's buffers are filled first.
    slow.server.send(Buffer.alloc(16 << 20));
    const before = heldMemory();
    for (let round = 0; round < 500; round++) {
      // Each its own: what is the same for all is made once, outside of the slab.
      for (const [index, { server }] of pairs.entries())
        server.send(String.fromCharCode(97 + index).repeat(3_000));
      await new Promise(setImmediate);
    }
    // 1.5 MB are unread; the slab of each of its messages would make 32 MB.
    await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(8 << 20);
    await Promise.all(pairs.map(end));
  });

  test('of a long text that is not read is little more than its own, whatever was sent before', async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => tcpPair()));
    const [fast, ...slow] = pairs as [Pair, ...Pair[]];
    for (const { client } of slow) client.pause();
    const text = 'x'.repeat(17_000);
    const before = heldMemory();
    for (const { server } of slow) {
      const arrived = once(fast.client, 'message');
      // What this one was made in is not what the next is made in.
      fast.server.send('y'.repeat(2_000_000));
      await arrived;
      while (server.bufferedAmount === 0) server.send(text);
    }
    // 19 texts of 17 kB wait, and 2 MiB are kept: with as much for each it would be 40 MiB.
    await expect.poll(() => heldMemory() - before, { timeout: 10_000 }).toBeLessThan(8 << 20);
    await Promise.all(pairs.map(end));
  });
});

test('what the kernel has taken a part of is not written over', async () => {
  const [slow, other] = [await rawPair('server'), await rawPair('server')];
  other.peer.resume();
  const size = 16_000;
  let sent = 0;
  while (slow.socket.writableLength === 0 && sent < 10_000) {
    slow.connection.send(Buffer.alloc(size, sent++));
    await new Promise(setImmediate);
  }
  // More than the memory for short frames has room for.
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

test('of messages that had to wait is let go of once they are sent, though others still wait', async () => {
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
  // With a capital letter at its beginning it takes a turn to be made.
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

describe.each(['server', 'client'] as const)('no %s ever sees the bytes of another', (role) => {
  /**
   * Each connection sends messages that name it, while some readers are slow or read in pieces, so that the memory of sent
   * frames is reused for some and must not be for others.
   */
  async function exchange(makePair: (index: number) => Promise<[Duplex, Duplex]>): Promise<void> {
    const count = 8;
    const rounds = 400;
    const messages = rounds * SIZES.length + (2 * rounds) / LONG_EVERY;
    const ends = await Promise.all(Array.from({ length: count }, (_, i) => makePair(i)));
    let written!: () => void;
    const allWritten = new Promise<void>((resolve) => (written = resolve));
    // Every third reader begins when all has been written: the kernel's buffers fill, and writes stay unfinished.
    const readers = ends.map(async ([near], index) => {
      if (index % 3 === 0) await allWritten;
      await reader(near, index, messages);
    });
    const connections = ends.map(([, far]) => attach(far, role));
    for (let round = 0; round < rounds; round++) {
      for (const [index, connection] of connections.entries()) {
        for (const size of SIZES) connection.send(payload(index, size));
        if (round % LONG_EVERY > 0) continue;
        // Too long for the slab: text is encoded, and what a client sends is masked, in memory that serves all.
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
        expect(isControl(frame.opcode)).toBe(false);
        const { data } = assembler.add(frame)!;
        expect(Buffer.alloc(data.length, 65 + index).equals(data)).toBe(true);
        received++;
      }
      if (received === expected) break;
    }
    expect(received).toBe(expected);
  }

  test('over TCP, with readers so slow that writes stay unfinished', async () => {
    await exchange(async () => socketPair());
  });

  test('over TLS, which reads the bytes when it likes', async () => {
    const { key, cert } = await testCertificate();
    await exchange(async () => {
      const [near, far] = await socketPair();
      const server = new TLSSocket(far, { isServer: true, key, cert });
      const client = connectTls({ socket: near, rejectUnauthorized: false });
      await once(client, 'secureConnect');
      return [client, server];
    });
  });

  test('over streams in memory, whose bytes are the writer’s own', async () => {
    await exchange(() => Promise.resolve(duplexPair()));
  });

  test('over a socket with a write of somebody else’s, who keeps the bytes for later', async () => {
    await exchange(async () => {
      const [near, far] = await socketPair();
      const write = far.write.bind(far);
      far.write = (chunk: Buffer) => {
        setImmediate(() => write(chunk));
        return true;
      };
      return [near, far];
    });
  });
});
