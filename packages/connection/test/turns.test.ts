// When a long turn ends, what is written while the process exits, and whether a socket keeps its closed connection alive.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { collectGarbage } from '@framewire/testing';
import { describe, expect, test } from 'vitest';
import { attach, hex, rawPair, readAll, socketPair, tcpPair, collect, end } from './support/pairs.ts';

/** A stream that records each write, with the number of sends before it. */
function notingStream(): {
  stream: Duplex;
  writes: { bytes: number; sent: number }[];
  sent: { count: number };
} {
  const sent = { count: 0 };
  const writes: { bytes: number; sent: number }[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      writes.push({ bytes: chunk.length, sent: sent.count });
      done();
    },
  });
  return { stream, writes, sent };
}

/** Blocks the thread for this many milliseconds. */
function work(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe('code that does not return to the event loop', () => {
  test('a loop that awaits only microtasks: its first message is written in the next round', async () => {
    const { stream, writes, sent } = notingStream();
    const connection = attach(stream, 'server');
    await Promise.resolve();
    while (sent.count < 3) {
      connection.send('a');
      sent.count++;
      await Promise.resolve();
    }
    expect(writes[0]).toEqual({ bytes: 3, sent: 1 });
    connection.terminate();
  });

  test('a loop that awaits only microtasks: its later messages are written within the time limit', async () => {
    const { stream, writes, sent } = notingStream();
    const connection = attach(stream, 'server');
    await Promise.resolve();
    // The limit of a turn is ten milliseconds.
    while (sent.count < 50) {
      work(1);
      connection.send('a');
      sent.count++;
      await Promise.resolve();
    }
    const gone = writes.reduce((sum, { bytes }) => sum + bytes / 3, 0);
    expect(gone).toBeGreaterThan(30);
    connection.terminate();
  });

  test('a loop without awaits: its messages are written within the time limit', async () => {
    const { connection, peer, socket } = await rawPair('server');
    for (let i = 0; i < 200 && socket.bytesWritten === 0; i++) {
      connection.send('a');
      work(1);
    }
    expect(socket.bytesWritten).toBeGreaterThan(0);
    connection.terminate();
    peer.destroy();
  });

  test('ten messages to each of 200 connections wait for the end of a short turn', async () => {
    const pairs = await Promise.all(Array.from({ length: 200 }, () => rawPair('server')));
    const written = (): number => pairs.reduce((sum, { socket }) => sum + socket.bytesWritten, 0);
    // On a busy machine the loop may take so long that the turn must end.
    for (let attempt = 0, took = Infinity; took > 9; attempt++) {
      expect(attempt).toBeLessThan(50);
      await new Promise((resolve) => setImmediate(resolve));
      const before = written();
      const began = performance.now();
      for (let i = 0; i < 10; i++) for (const { connection } of pairs) connection.send(Buffer.from([i]));
      took = performance.now() - began;
      if (took <= 9) expect(written()).toBe(before);
    }
    for (const { connection, peer } of pairs) {
      connection.terminate();
      peer.destroy();
    }
  });

  test('a turn gathers little more than 1 MiB of a connection', async () => {
    const { connection, peer, socket } = await rawPair('server');
    const message = Buffer.alloc(16_000);
    for (let i = 0; i < 300; i++) connection.send(message);
    expect(300 * 16_004 - socket.bytesWritten).toBeLessThan(1_200_000);
    connection.terminate();
    peer.destroy();
  });

  test('a stream that may answer synchronously is not written to inside a send', () => {
    const { stream, writes } = notingStream();
    const connection = attach(stream, 'server');
    for (let i = 0; i < 2000; i++) connection.send('a', { fin: i === 1999 });
    expect(writes).toEqual([]);
    connection.terminate();
  });

  test('all messages arrive in order, with turns that end in different ways', async () => {
    const pair = await tcpPair();
    const { until } = collect(pair.server);
    const expected = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
    for (const [i, message] of expected.entries()) {
      pair.client.send(message);
      if (i % 7 === 0) await Promise.resolve();
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await until(expected.length)).toEqual(expected);
    await end(pair);
  });
});

test('microtasks that send in the same round share one write', async () => {
  const { stream, writes } = notingStream();
  const connection = attach(stream, 'server');
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      await Promise.resolve();
      connection.send('a');
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes.map(({ bytes }) => bytes)).toEqual([48]);
  connection.terminate();
});

describe('while the process exits', () => {
  // The children run the built package: Node 20 cannot run the sources.
  test.each([
    [
      'the first send is made in a listener of exit',
      `process.on('exit', () => connection.send('1')); exit();`,
    ],
    [
      'the first close is made in a listener of exit',
      `process.on('exit', () => connection.close(1000)); exit();`,
      '88 02 03e8',
    ],
    ['the event loop ends', `process.on('exit', () => connection.send('1')); socket.unref();`],
    [
      'an earlier listener of exit throws',
      `connection.send('1'); exit();`,
      '81 01 31',
      `process.on('exit', () => { throw new Error('on purpose'); });`,
    ],
    [
      'a prepended listener of exit throws',
      `process.prependListener('exit', () => { connection.send('1'); throw new Error('on purpose'); }); exit();`,
    ],
    [
      'a later listener of exit sends',
      `connection.send('1'); process.on('exit', () => connection.send('2')); exit();`,
      '81 01 31 81 01 32',
    ],
  ])('what was sent is written when %s', async (_when, action, wire = '81 01 31', before = '') => {
    const script = `
      const { connect } = require('node:net');
      const { isMainThread, workerData } = require('node:worker_threads');
      ${before}
      const { WebSocketConnection } = require('@framewire/connection');
      const exit = () => process.exit(0);
      const port = isMainThread ? Number(process.argv[1]) : workerData;
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        const connection = new WebSocketConnection();
        connection.setSocket(socket, Buffer.alloc(0), { role: 'server' });
        ${action}
      });`;
    const worker = `
      const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(script)}, { eval: true, workerData: Number(process.argv[1]) }).on('error', () => {});`;
    expect(await receivedFrom(script)).toEqual(hex(wire));
    expect(await receivedFrom(worker)).toEqual(hex(wire));
  });
});

/** Runs a script that connects to the port in its first argument. Returns what it sends. */
async function receivedFrom(script: string): Promise<Buffer> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const { port } = listener.address() as AddressInfo;
  const exited = promisify(execFile)(process.execPath, ['--eval', script, String(port)], {
    cwd: import.meta.dirname,
  }).catch(() => undefined);
  const [socket] = await accepted;
  const received = await readAll(socket);
  await exited;
  listener.close();
  return received;
}

test('a socket does not keep its closed connection alive, and accepts no second connection', async () => {
  const [near, far] = await socketPair();
  const closed = async (): Promise<WeakRef<object>> => {
    const connection = attach(near, 'client');
    const over = once(connection, 'close');
    attach(far, 'server').close();
    await over;
    return new WeakRef(connection);
  };
  const reference = await closed();
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
  expect(() => attach(near, 'client')).toThrow('The socket is in use already');
});
